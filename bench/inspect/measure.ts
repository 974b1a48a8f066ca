/** Runs a command and measures its cost: wall time, CPU of it and its children, peak memory. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/** Python's wait4 is on every Debian; Node does not report the peak memory of a child. */
const script = `
import json, os, resource, subprocess, sys, time
begin = time.monotonic()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({'code': code, 'wallMs': (time.monotonic() - begin) * 1000,
  'cpuMs': (used.ru_utime + used.ru_stime) * 1000, 'peakMiB': used.ru_maxrss / 1024}))
`;

/** Throws when the command ends with a code that is not among `codes`. */
export async function measure(
  command: readonly string[],
  { codes = [0], environment = {} }: { codes?: readonly number[]; environment?: object } = {},
): Promise<Cost> {
  const env = { ...process.env, ...environment };
  const { stdout } = await run('python3', ['-c', script, ...command], { env });
  const { code, ...cost } = JSON.parse(stdout) as Cost & { code: number };
  if (codes.includes(code)) return cost;
  throw new Error(`${command.join(' ')} ended with ${code}`);
}

/** The median of each figure. */
export function median(costs: readonly Cost[]): Cost {
  const middle = (pick: (cost: Cost) => number): number => {
    const sorted = costs.map(pick).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return {
    wallMs: middle(({ wallMs }) => wallMs),
    cpuMs: middle(({ cpuMs }) => cpuMs),
    peakMiB: middle(({ peakMiB }) => peakMiB),
  };
}
