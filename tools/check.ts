/**
 * `npm run check`: format, lint, types, unused code, quick tests. Steps run concurrently, as many
 * at once as the machine has cores; the output of a step is printed when it failed.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The longest first, so that the short ones fill the remaining time. Types are checked by one
 * thread of each compiler: several threads check the same libraries several times, which takes
 * twice the processor time, and the other cores have a step of their own.
 */
const steps: readonly Step[] = [
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit', '--reporter', 'default'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', '.'] },
  { name: 'types', command: ['tsc', '--singleThreaded', '-p', 'tsconfig.json'] },
  { name: 'types of the console', command: ['tsc', '--singleThreaded', '-p', 'packages/console'] },
  { name: 'types of browser tests', command: ['tsc', '--singleThreaded', '-p', 'test/console'] },
  { name: 'unused code', command: ['knip', '--no-config-hints'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
];

process.exitCode = await check(steps);

async function check(all: readonly Step[]): Promise<number> {
  const begin = performance.now();
  const waiting = [...all];
  const outcomes: Outcome[] = [];
  const take = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const outcome = await run(step);
      outcomes.push(outcome);
      say(`${outcome.ok ? 'ok  ' : 'FAIL'} ${outcome.name} (${outcome.seconds} s)`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, take));
  const failed = outcomes.filter(({ ok }) => !ok);
  for (const { name, output } of failed) say(`\n--- ${name} ---\n${output.trimEnd()}`);
  const summary =
    failed.length === 0 ? 'all checks passed' : failed.map(({ name }) => name).join(', ');
  say(`\ncheck: ${failed.length > 0 ? `failed: ${summary}` : summary} (${secondsSince(begin)} s)`);
  return failed.length === 0 ? 0 : 1;
}

function run({ name, command: [program, ...words] }: Step): Promise<Outcome> {
  const begin = performance.now();
  const pieces: Buffer[] = [];
  return new Promise((resolve) => {
    const end = (ok: boolean, remark = ''): void =>
      resolve({
        name,
        ok,
        seconds: secondsSince(begin),
        output: `${Buffer.concat(pieces).toString()}${remark}`,
      });
    const child = spawn(program, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('error', (error) => end(false, error.message));
    child.on('close', (code) => end(code === 0));
  });
}

function secondsSince(begin: number): number {
  return Math.round((performance.now() - begin) / 100) / 10;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
