/**
 * `npm run fuzz -- [target...]`: fuzzes the parsers of untrusted input. See docs/fuzzing.md.
 * Exits with 1 when something was found.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { FuzzTarget } from './fuzz/fuzz-target.ts';
import { supervise } from './fuzz/supervise.ts';
import type { FuzzOutcome } from './fuzz/supervise.ts';
import { listTargets } from './fuzz/targets/all-targets.ts';

const usage = `npm run fuzz -- [target...] [options]
  A target is a name or the beginning of names, such as reader: (default: all)
  --seconds N      in all, shared among the targets by weight (default: 10 for each)
  --seed N of the random generator (default: 1)
  --executions N   ends each target after so many (default: no bound)
  --input FILE     runs this input alone; may be repeated
  --directory DIR  keeps corpora and findings there (default: in the temporary directory)
  --hang-seconds N how long one input may run (default: 20)
  --list           prints the targets
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    executions: { type: 'string' },
    input: { type: 'string', multiple: true, default: [] },
    directory: { type: 'string', default: join(tmpdir(), 'lazaret-fuzz') },
    'hang-seconds': { type: 'string', default: '20' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const all = await listTargets();
  const chosen = chooseTargets(all, positionals);
  if (values.help) return say(usage, 0);
  if (chosen.length === 0) return say(`no such target\n${usage}`, 2);
  if (values.list) return say(`${chosen.map(({ name }) => name).join('\n')}\n`, 0);
  const weights = chosen.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const seconds = Number(values.seconds ?? weights * 10);
  let findings = 0;
  for (const { name, weight = 1 } of chosen) {
    const outcome = await supervise({
      target: name,
      seed: Number(values.seed),
      seconds: (seconds * weight) / weights,
      executions: Number(values.executions ?? Number.MAX_SAFE_INTEGER),
      directory: values.directory,
      inputs: values.input,
      hangMs: Number(values['hang-seconds']) * 1_000,
    });
    findings += outcome.findings.length;
    say(describeOutcome(name, outcome), 0);
  }
  return say(`${findings} findings\n`, findings === 0 ? 0 : 1);
}

/** Planted targets only when they are named. */
function chooseTargets(all: readonly FuzzTarget[], words: readonly string[]): FuzzTarget[] {
  if (words.length === 0) return all.filter(({ name }) => !name.startsWith('planted:'));
  return all.filter(({ name }) => words.some((word) => name.startsWith(word)));
}

function describeOutcome(name: string, outcome: FuzzOutcome): string {
  const { executions, corpus, reached, slowest, seconds, findings } = outcome;
  const share = reached.all === 0 ? 0 : Math.round((reached.run / reached.all) * 100);
  const line = [
    name.padEnd(28),
    `${executions} executions in ${seconds.toFixed(1)} s`,
    `${corpus} inputs kept`,
    `${share} % of the code reached`,
    `slowest ${slowest.ms.toFixed(0)} ms for ${slowest.sizeBytes} bytes`,
  ].join(', ');
  const details = findings.map(({ kind, detail, path }) => {
    return `  ${kind}: ${detail.split('\n').slice(0, 3).join('\n    ')}\n    ${path}\n`;
  });
  return `${line}\n${details.join('')}`;
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}
