/** Commands about images on a server, against a scripted server. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { beforeEach, expect, it } from 'vitest';

import { runInside, type RunOptions, type RunResult } from '../../testing/run-program.ts';
import type { Handler } from '../../testing/scripted-server.ts';
import { useServerHarness } from '../../testing/server-harness.ts';

const cli = useServerHarness();
let variables: Record<string, string>;
const digest = `sha256:${'5de1218e'.repeat(8)}`;
const counts = { critical: 1, high: 2, medium: 0, low: 0, info: 0 };

const inspection = (archive: object | null): object => ({
  id: '06fn0000000000aa',
  reference: archive === null ? 'app:1' : `artifact:${'ab'.repeat(32)}`,
  archive,
  state: 'queued',
  problem: null,
  images: [],
});

const handlers: Readonly<Record<string, Handler>> = {
  'images.list': () => ({ items: [{ digest, names: ['app:1'], findings: counts }], next: null }),
  'images.files': () => ({ items: [], next: null }),
  'images.inspect': () => inspection(null),
  'inspections.upload': ({ body }) =>
    inspection({
      sha256: createHash('sha256').update(body).digest('hex'),
      name: 'x',
      sizeBytes: 1,
    }),
  'inspections.list': () => ({
    items: [inspection({ sha256: 'ab'.repeat(32), name: 'app\u001B.tar', sizeBytes: 1 })],
    next: null,
  }),
};

beforeEach(async () => {
  variables = await cli.serve(handlers);
});

function run(argv: readonly string[], options: Partial<RunOptions> = {}): Promise<RunResult> {
  return runInside(argv, { home: cli.home, variables, ...options });
}

const calls = () => cli.server?.calls ?? [];
const called = (operation: string) => calls().filter((call) => call.operation === operation);

it('an existing file is uploaded whatever its suffix, and never sent as a reference', async () => {
  await mkdir(join(cli.home, 'up'));
  const path = join(cli.home, 'up', 'x-xz.tar.xz');
  await writeFile(path, 'some bytes');
  const { exitCode } = await run(['images', 'inspect', relative(process.cwd(), path)]);
  expect(exitCode).toBe(0);
  expect(called('inspections.upload').map(({ body }) => body.toString())).toEqual(['some bytes']);
  expect(called('images.inspect')).toEqual([]);
});

it('a missing file with the suffix of an archive is not sent as a reference', async () => {
  const { exitCode, stderr } = await run(['images', 'inspect', 'up/nope.tar.xz']);
  expect([exitCode, calls()]).toEqual([2, []]);
  expect(stderr).toContain('error: up/nope.tar.xz: no such file or directory');
});

it('a reference is sent as one, also one that is the name of a directory', async () => {
  await run(['images', 'inspect', 'app:1']);
  expect(called('images.inspect')).toHaveLength(1);
});

it('findings are counted in words, without severities that do not occur', async () => {
  const { stdout } = await run(['images', 'list']);
  expect(stdout).toContain('1 critical, 2 high');
  expect(stdout).not.toMatch(/critical=|0 medium/);
});

it('an uploaded archive is listed by its name, with a shortened digest', async () => {
  const { stdout } = await run(['inspections', 'list']);
  expect(stdout).toContain(String.raw`app\x1b.tar (artifact:abababababab)`);
  const json = await run(['inspections', 'list', '-o', 'json']);
  expect(json.stdout).toContain(`artifact:${'ab'.repeat(32)}`);
});

it('the directory of a list of files is an argument or a flag, and an empty list says so', async () => {
  const argument = await run(['images', 'files', digest, 'srv'], { terminal: ['stderr'] });
  expect(argument.stderr).toContain('No files.');
  await run(['images', 'files', digest, '--parent', 'srv']);
  expect(called('images.files').map(({ query }) => query.get('parent'))).toEqual(['srv', 'srv']);
});

const known = (indicator: string, verdict: string | null, more: object = {}): object => ({
  ...{ indicator, known: verdict !== null, verdict, findings: [], ...more },
  images: { items: [], count: 0, isMore: false },
  jobs: { items: [], count: 0, isMore: false },
  tags: { items: [], count: 0, isMore: false },
});

const answering =
  (verdictOf: (indicator: string) => string | null): Handler =>
  ({ body }) => {
    const { indicators } = JSON.parse(body.toString()) as { indicators: string[] };
    return { items: indicators.map((one) => known(one, verdictOf(one))) };
  };

it('a lookup reads arguments, a file and standard input, and asks in parts', async () => {
  variables = await cli.serve({ 'knowledge.lookup': answering(() => null) });
  const path = join(cli.home, 'iocs.txt');
  const lines = Array.from({ length: 1_500 }, (_, at) => at.toString(16).padStart(32, '0'));
  await writeFile(path, `# list\n\n${lines.join('\n')} # last\n`);
  const stdin = `${'a'.repeat(64)}\n`;
  const { exitCode, stdout } = await run(
    ['lookup', 'pkg:deb/debian/bash', '-', '-f', path, '-o', 'json'],
    { stdin },
  );
  expect(exitCode).toBe(0);
  expect(called('knowledge.lookup')).toHaveLength(2);
  const shown = JSON.parse(stdout) as { indicator: string }[];
  expect(shown.map(({ indicator }) => indicator)).toEqual([
    'pkg:deb/debian/bash',
    ...lines,
    'a'.repeat(64),
  ]);
});

it('a lookup says malicious by its exit code, and can omit what is unknown', async () => {
  const bad = 'b'.repeat(64);
  const answer = answering((one) => (one === bad ? 'malicious' : null));
  variables = await cli.serve({ 'knowledge.lookup': answer });
  const { exitCode, stdout } = await run(['lookup', '--known', bad, 'c'.repeat(64)]);
  expect(exitCode).toBe(11);
  expect(stdout).toContain('malicious');
  expect(stdout).toMatch(/^INDICATOR +VERDICT +FOUND +IMAGES +JOBS +TAGS +WHERE\n/);
  expect(stdout).not.toContain('cccc');
});

it('a lookup of nothing, or of a missing file, is an error', async () => {
  expect((await run(['lookup'])).exitCode).toBe(2);
  const { exitCode, stderr } = await run(['lookup', '-f', join(cli.home, 'nowhere')]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('nowhere');
});
