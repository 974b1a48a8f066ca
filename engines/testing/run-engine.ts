/** Runs one engine image directly through the Engine API, with the containment of jobs. */
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { askEngine, readEngine } from '@lazaret/docker/testing';

const USER = '65532:65532';
const RUN_TIMEOUT_MS = 240_000;
const STREAM_HEADER_BYTES = 8;

export interface EngineRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Directory with the content of /out; removed by `dispose`. */
  readonly output: string;
  readonly files: readonly string[];
  dispose(): Promise<void>;
}

export interface EngineJob {
  readonly socket: string;
  readonly image: string;
  readonly command: readonly string[];
  /** Name of the input in /in, and its bytes or the path of a file. */
  readonly inputName: string;
  readonly input: Buffer | string;
  readonly parameters?: Record<string, unknown>;
  readonly memoryBytes: number;
  readonly tmpBytes: number;
}

/** Starts the engine, waits for its end and collects its log and output. */
export async function runEngine(job: EngineJob): Promise<EngineRun> {
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-engine-test-'));
  const { input, output } = await layOut(directory, job);
  const { socket } = job;
  const created = (await askEngine(socket, {
    method: 'POST',
    path: '/containers/create',
    json: describeContainer(job, [`${input}:/in:ro`, `${output}:/out`]),
  })) as { Id: string };
  const path = `/containers/${created.Id}`;
  try {
    await askEngine(socket, { method: 'POST', path: `${path}/start` });
    const ended = (await askEngine(socket, {
      method: 'POST',
      path: `${path}/wait`,
      deadlineMs: RUN_TIMEOUT_MS,
    })) as { StatusCode: number };
    const query = { stdout: 1, stderr: 1 };
    const logs = await readEngine(socket, { method: 'GET', path: `${path}/logs`, query });
    const files = await readdir(output);
    const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
    return { exitCode: ended.StatusCode, ...splitStreams(logs), output, files, dispose };
  } finally {
    await askEngine(socket, { method: 'DELETE', path: `${path}?force=1&v=1` });
  }
}

async function layOut(
  directory: string,
  job: EngineJob,
): Promise<{ input: string; output: string }> {
  const input = join(directory, 'in');
  const output = join(directory, 'out');
  await mkdir(input);
  await mkdir(output);
  await chmod(directory, 0o755);
  await chmod(output, 0o777);
  const file = join(input, job.inputName);
  await (typeof job.input === 'string' ? copyFile(job.input, file) : writeFile(file, job.input));
  await chmod(file, 0o444);
  if (job.parameters !== undefined) {
    await writeFile(join(input, 'parameters.json'), JSON.stringify(job.parameters));
  }
  return { input, output };
}

function describeContainer(job: EngineJob, binds: readonly string[]): unknown {
  return {
    Image: job.image,
    Cmd: job.command,
    User: USER,
    NetworkDisabled: true,
    Labels: { 'lazaret.test': 'engines' },
    HostConfig: {
      Binds: binds,
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: job.memoryBytes,
      MemorySwap: job.memoryBytes,
      NanoCpus: 1_000_000_000,
      PidsLimit: 128,
      Init: true,
      IpcMode: 'private',
      ShmSize: 1024 * 1024,
      Tmpfs: { '/tmp': `rw,noexec,nosuid,nodev,size=${job.tmpBytes}` },
      Ulimits: [
        { Name: 'nofile', Soft: 1024, Hard: 1024 },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
    },
  };
}

/** Splits the interleaved log of the engine: a header has stream and length of each chunk. */
function splitStreams(log: Buffer): { stdout: string; stderr: string } {
  const pieces: { 1: Buffer[]; 2: Buffer[] } = { 1: [], 2: [] };
  for (let at = 0; at + STREAM_HEADER_BYTES <= log.length;) {
    const start = at + STREAM_HEADER_BYTES;
    const end = start + log.readUInt32BE(at + 4);
    pieces[log[at] === 2 ? 2 : 1].push(log.subarray(start, end));
    at = end;
  }
  const text = (parts: Buffer[]): string => Buffer.concat(parts).toString('utf8');
  return { stdout: text(pieces[1]), stderr: text(pieces[2]) };
}
