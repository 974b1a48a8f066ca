/** One submission to several engines, against a server that behaves as the test says. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Problem } from '@lazaret/protocol';
import { expect, it } from 'vitest';

import { sampleJob } from '../../testing/sample-job.ts';
import type { Handler, ScriptedCall } from '../../testing/scripted-server.ts';
import { useServerHarness, type Handlers } from '../../testing/server-harness.ts';

const cli = useServerHarness();
const { run } = cli;

const takeUpload: Handler = ({ body, query }) => ({
  sha256: createHash('sha256').update(body).digest('hex'),
  sizeBytes: body.length,
  name: query.get('name'),
  project: 'default',
  createdAt: '2026-01-01T00:00:00.000Z',
});

const derivedKey = /^[0-9a-f]{64}$/;

/** How many inputs each engine takes. */
const counts: Readonly<Record<string, { min: number; max: number }>> = {
  strings: { min: 1, max: 1 },
  apktool: { min: 1, max: 1 },
  compare: { min: 2, max: 8 },
  merge: { min: 1, max: 8 },
};

interface Body {
  readonly engine: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly parameters: unknown;
}

const bodyOf = ({ body }: ScriptedCall): Body => JSON.parse(String(body)) as Body;

function handlersFor(submit: (body: Body) => unknown = () => undefined): Handlers {
  let made = 0;
  return {
    'artifacts.upload': takeUpload,
    'engines.list': () => ({
      items: Object.keys(counts).map((name) => ({ name })),
      next: null,
      refused: [],
    }),
    'engines.show': ({ params: { name = '' } }) => {
      if (counts[name] === undefined) throw new Problem('not_found', `there is no engine ${name}`);
      return {
        name,
        enabled: name !== 'merge',
        manifest: { name, input: { count: counts[name] } },
      };
    },
    'jobs.submit': (call) => {
      const body = bodyOf(call);
      submit(body);
      const inputs = body.inputs.map(({ name }) => ({
        name,
        sha256: 'a'.repeat(64),
        sizeBytes: 1,
      }));
      made += 1;
      return sampleJob({ id: String(made).padStart(16, '0'), engine: body.engine, inputs });
    },
  };
}

const callsOf = (operation: string): readonly ScriptedCall[] =>
  (cli.server?.calls ?? []).filter((call) => call.operation === operation);

async function files(...names: string[]): Promise<string[]> {
  const paths = names.map((name) => join(cli.home, name));
  for (const path of paths) await writeFile(path, path);
  return paths;
}

it('uploads each file once, and submits it to every engine as that takes its inputs', async () => {
  const argv = ['submit', 'strings,compare,apktool', ...(await files('a', 'b'))];
  const { exitCode, stdout } = await run(handlersFor(), [...argv, '--idempotency-key', 'k']);
  expect(exitCode).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(5);
  expect(callsOf('artifacts.upload')).toHaveLength(2);
  const made = callsOf('jobs.submit').map((call) => {
    const { engine, inputs } = bodyOf(call);
    return [engine, inputs.map(({ name }) => name).join(), call.headers['idempotency-key']];
  });
  expect(made).toEqual([
    ['strings', 'a', expect.stringMatching(derivedKey)],
    ['apktool', 'a', expect.stringMatching(derivedKey)],
    ['strings', 'b', expect.stringMatching(derivedKey)],
    ['apktool', 'b', expect.stringMatching(derivedKey)],
    ['compare', 'a,b', expect.stringMatching(derivedKey)],
  ]);
  const keys = made.map(([, , key]) => key);
  expect(new Set(keys).size).toBe(5);
  // the same command line again means the same jobs
  await run(handlersFor(), [...argv, '--idempotency-key', 'k']);
  const again = callsOf('jobs.submit').map(({ headers }) => headers['idempotency-key']);
  expect(again).toEqual(keys);
});

it('uses the key itself for a single job', async () => {
  const argv = ['submit', 'strings', ...(await files('a')), '--idempotency-key', 'k'.repeat(200)];
  expect((await run(handlersFor(), argv)).exitCode).toBe(0);
  expect(callsOf('jobs.submit')[0]?.headers['idempotency-key']).toBe('k'.repeat(200));
});

it.each([
  ['strings', 'k'.repeat(201)],
  ['strings,apktool', 'k'.repeat(201)],
  ['strings', 'two words'],
])('submit %s refuses an invalid idempotency key before the upload', async (engines, key) => {
  const argv = ['submit', engines, ...(await files('a')), '--idempotency-key', key];
  const { exitCode, stderr } = await run(handlersFor(), argv);
  expect(stderr).toContain('--idempotency-key: expected 1 to 200 visible ASCII characters');
  expect(exitCode).toBe(2);
  expect(cli.server?.calls).toEqual([]);
});

it('accepts a key of 198 characters for several engines', async () => {
  const argv = ['submit', 'strings,apktool', ...(await files('a'))];
  await run(handlersFor(), [...argv, '--idempotency-key', 'k'.repeat(198)]);
  expect(callsOf('jobs.submit').map(({ headers }) => headers['idempotency-key'])).toEqual([
    expect.stringMatching(derivedKey),
    expect.stringMatching(derivedKey),
  ]);
});

it('shows the engine and file of each job on a terminal', async () => {
  const argv = ['submit', 'strings,apktool', ...(await files('a'))];
  const { stdout } = await run(handlersFor(), argv, { terminal: ['stdout', 'stderr'] });
  expect(stdout).toBe('0000000000000001  strings  a\n0000000000000002  apktool  a\n');
});

it('prints a list of jobs as JSON', async () => {
  const argv = ['submit', 'strings,apktool', ...(await files('a')), '-o', 'json'];
  const { stdout } = await run(handlersFor(), argv);
  expect(JSON.parse(stdout)).toMatchObject([{ engine: 'strings' }, { engine: 'apktool' }]);
});

it('gives a parameter to all engines, or to the one that is named', async () => {
  const parameters = [
    '-p',
    'apktool:depth=9',
    '-p',
    'depth=3',
    '-p',
    'url=http://x',
    '-p',
    'e:f=1',
  ];
  await run(handlersFor(), ['submit', 'strings,apktool', ...(await files('a')), ...parameters]);
  expect(callsOf('jobs.submit').map((call) => bodyOf(call).parameters)).toEqual([
    { depth: 3, url: 'http://x', 'e:f': 1 },
    { depth: 9, url: 'http://x', 'e:f': 1 },
  ]);
});

it('continues with the others when an engine refuses the file, and fails at the end', async () => {
  const handlers = handlersFor(({ engine }) => {
    if (engine === 'strings') throw new Problem('invalid_parameters', 'parameters.x: unknown');
  });
  const argv = ['submit', 'strings,apktool', ...(await files('a')), '-o', 'json'];
  const { exitCode, stdout, stderr } = await run(handlers, argv);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject([{ engine: 'apktool' }]);
  expect(stderr).toContain('not submitted to strings: a\nerror: ');
  expect(stderr).toContain('parameters.x: unknown');
});

it.each([
  ['the second job', 'apktool', 3],
  ['the first job', 'strings', 3],
  ['no job', 'none', 0],
])('--wait waits for all, and its exit code says that %s failed', async (_, failing, expected) => {
  const engines: Readonly<Record<string, string>> = {
    '0000000000000001': 'strings',
    '0000000000000002': 'apktool',
  };
  const handlers: Handlers = {
    ...handlersFor(),
    'jobs.show': ({ params: { id = '' } }) => {
      const engine = engines[id] ?? '';
      return sampleJob({ id, engine, state: engine === failing ? 'failed' : 'succeeded' });
    },
  };
  const argv = ['submit', 'strings,apktool', ...(await files('a')), '--wait'];
  const { exitCode, stderr } = await run(handlers, argv);
  expect(exitCode).toBe(expected);
  for (const [id, engine] of Object.entries(engines)) {
    const state = engine === failing ? 'failed' : 'succeeded';
    expect(stderr).toContain(`${id}  ${engine}  ${state}`);
  }
});

it.each([
  [
    'an engine that does not exist',
    'strings,strngs',
    7,
    'no such engine: "strngs"\nhint: Did you mean strings?',
  ],
  ['one unknown engine', 'strngs', 7, 'no such engine: "strngs"\nhint: Did you mean strings?'],
  [
    'a name in capitals',
    'STRINGS,apktool',
    7,
    'no such engine: "STRINGS"\nhint: Did you mean strings?',
  ],
  ['one name in capitals', 'STRINGS', 7, 'no such engine: "STRINGS"\nhint: Did you mean strings?'],
  ['a disabled engine', 'strings,merge', 1, 'the engine merge is disabled'],
  ['an engine twice', 'strings,strings', 2, 'the engine strings is given twice'],
  ['an empty name', 'strings,', 2, 'expected names of engines separated by commas'],
  ['an invalid name', 'strings,../x', 7, 'no such engine: "../x"'],
])('%s is refused before anything is uploaded', async (_, engines, expected, message) => {
  const argv = ['submit', engines, ...(await files('a'))];
  const { exitCode, stderr } = await run(handlersFor(), argv);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(expected);
  expect(callsOf('artifacts.upload')).toEqual([]);
});

it('refuses --result, which is for one job', async () => {
  const argv = ['submit', 'strings,apktool', ...(await files('a')), '--result', 'out'];
  const { exitCode, stderr } = await run(handlersFor(), argv);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('each engine makes a job');
});

it.each([
  ['strings', [], 'strings takes 1 file per job, received none'],
  ['compare', ['a'], 'compare takes 2 to 8 files per job, received 1'],
  ['strings', ['a', 'b', '--together'], 'strings takes 1 file per job, received 2'],
])('%s with %j is refused before the upload, with one message', async (engine, given, message) => {
  const names = given.filter((word) => !word.startsWith('-'));
  const flags = given.filter((word) => word.startsWith('-'));
  const argv = ['submit', engine, ...(await files(...names)), ...flags];
  const { exitCode, stderr } = await run(handlersFor(), argv);
  expect(stderr.split('\n')).toEqual([`error: ${message}`, expect.stringMatching(/^hint: /), '']);
  expect(exitCode).toBe(2);
  expect(callsOf('artifacts.upload')).toEqual([]);
});

it('notes that the engine allows less time than was requested', async () => {
  const argv = ['submit', 'strings', ...(await files('a')), '--time-limit', '99h'];
  const { stdout, stderr } = await run(handlersFor(), argv);
  expect(stdout).toBe('0000000000000001\n');
  expect(stderr).toBe(
    '0000000000000001  time limit reduced to 1m, the maximum of engine strings\n',
  );
});

it('prints the jobs as JSON that were submitted before a failure', async () => {
  const handlers = handlersFor(({ inputs: [input] }) => {
    if (input?.name === 'b') throw new Problem('storage_full', 'no space');
  });
  const argv = ['submit', 'strings', ...(await files('a', 'b')), '-o', 'json'];
  const { exitCode, stdout } = await run(handlers, argv);
  expect(exitCode).not.toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id: '0000000000000001' });
});
