/**
 * CPU time of processes that a benchmark started, from /proc: on a machine with other work it says
 * more than the time that has passed.
 */
import { readdir, readFile } from 'node:fs/promises';

const tickMs = 10;

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** Of its own, and of its children that have ended. */
  readonly ms: number;
}

async function readTimes(pid: number): Promise<ProcessTimes | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // the name of the program may contain spaces and brackets
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  const ticks = fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0);
  return { pid, parent: Number(fields[1]), ms: ticks * tickMs };
}

/** Milliseconds of a process and of all below it, since they were started. */
export async function readTreeCpu(root: number): Promise<number> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(names.map((name) => readTimes(Number(name))));
  const all = read.filter((one) => one !== undefined);
  const tree = new Set([root]);
  for (let before = 0; before < tree.size;) {
    before = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  return all.filter(({ pid }) => tree.has(pid)).reduce((sum, { ms }) => sum + ms, 0);
}

/** The server of a connection. */
export async function findPostmaster(pool: {
  query(text: string): Promise<{ rows: readonly unknown[] }>;
}): Promise<number> {
  const { rows } = await pool.query('select pg_backend_pid() as pid');
  const [row] = rows as readonly { readonly pid: number }[];
  const times = await readTimes(Number(row?.pid));
  if (times === undefined) throw new Error('the server of the database does not run here');
  return times.parent;
}
