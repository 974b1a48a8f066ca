/** Shortened IDs and names, against a scripted server. */
import { Problem } from '@lazaret/protocol';
import { beforeEach, describe, expect, it } from 'vitest';

import { runInside, type RunOptions, type RunResult } from '../testing/run-program.ts';
import { sampleJob } from '../testing/sample-job.ts';
import type { Handler } from '../testing/scripted-server.ts';
import { useServerHarness } from '../testing/server-harness.ts';

const cli = useServerHarness();
let variables: Record<string, string>;
const ids = ['06fn0000000000aa', '06fn0000000000ab', '07aa000000000000'];
const digests = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`);

const listJobs: Handler = ({ query }) => ({
  items: ids
    .filter((id) => id.startsWith(query.get('id') ?? ''))
    .map((id) =>
      sampleJob({ id, inputs: [{ name: `${id}.bin`, sha256: 'a'.repeat(64), sizeBytes: 1 }] }),
    ),
  next: null,
});
const names = ['strings', 'strelka', 'apktool'];
const knownEngine: Handler = ({ params }) => {
  if (names.includes(params['name'] ?? '')) return { name: params['name'], enabled: true };
  throw new Problem('not_found', `there is no engine ${params['name']}`);
};
const handlers: Readonly<Record<string, Handler>> = {
  'jobs.list': listJobs,
  'jobs.cancel': ({ params }) => sampleJob({ id: params['id'] ?? '', state: 'cancelled' }),
  'tokens.list': () => ({
    items: ids.map((id, index) => ({ id, name: `ci-${index}`, owner: 'al' })),
    next: null,
  }),
  'tokens.revoke': () => undefined,
  'images.list': ({ query }) => ({
    items: [
      { digest: digests[0], names: ['registry.lab/team/app:1.2'], platform: 'linux/amd64' },
      { digest: digests[1], names: ['registry.lab/team/app:1.3'], platform: 'linux/amd64' },
    ].filter((image) => image.names.some((name) => name.includes(query.get('text') ?? ''))),
    next: null,
  }),
  'images.packages': () => ({ items: [], next: null }),
  'engines.list': () => ({ items: names.map((name) => ({ name })), next: null, refused: [] }),
  'engines.show': knownEngine,
  'engines.remove': () => undefined,
};

beforeEach(async () => {
  variables = await cli.serve(handlers);
});

function run(argv: readonly string[], options: Partial<RunOptions> = {}): Promise<RunResult> {
  return runInside(argv, { home: cli.home, variables, ...options });
}

const calls = () => cli.server?.calls ?? [];
const called = (operation: string) => calls().filter((call) => call.operation === operation);

describe('IDs', () => {
  it('may be shortened to an unambiguous prefix', async () => {
    expect((await run(['cancel', '07'])).exitCode).toBe(0);
    expect(called('jobs.cancel').map(({ params }) => params['id'])).toEqual([ids[2]]);
    expect((await run(['tokens', 'revoke', '07a'])).stdout).toBe(`${ids[2]}\n`);
  });

  it('cost no call if they are whole', async () => {
    await run(['cancel', ids[0] ?? '']);
    expect(called('jobs.list')).toEqual([]);
  });

  it.each([
    ['jobs', ['cancel', '06'], 'jobs.cancel'],
    ['tokens', ['tokens', 'revoke', '06fn'], 'tokens.revoke'],
  ])(
    'that are ambiguous list the candidates and change nothing: %s',
    async (noun, argv, action) => {
      const { exitCode, stderr } = await run(argv);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`is ambiguous: 2 ${noun} match`);
      for (const id of ids.slice(0, 2)) expect(stderr).toContain(id);
      expect(stderr).not.toContain(ids[2]);
      expect(called(action)).toEqual([]);
    },
  );

  it('that match nothing are not found, and an invalid one is a usage error', async () => {
    const missing = await run(['job', 'zz']);
    expect(missing.exitCode).toBe(7);
    expect(missing.stderr).toContain('no such job: "zz"');
    const invalid = await run(['job', '../x']);
    expect(invalid.exitCode).toBe(2);
    expect(calls().length).toBe(1);
  });
});

describe('images', () => {
  const packagesOf = async (image: string): Promise<string | undefined> => {
    const { exitCode, stderr } = await run(['images', 'packages', image]);
    expect([exitCode, stderr]).toEqual([0, '']);
    return called('images.packages').at(-1)?.params['digest'];
  };

  it.each(['app:1.2', 'team/app:1.2', 'registry.lab/team/app:1.2'])(
    'may be given by name: %s',
    async (name) => {
      expect(await packagesOf(name)).toBe(digests[0]);
    },
  );

  it('given by digest cost no further call', async () => {
    expect(await packagesOf('aaaaaa')).toBe('aaaaaa');
    expect(await packagesOf(digests[1] ?? '')).toBe(digests[1]);
    expect(called('images.list')).toEqual([]);
  });

  it('with an ambiguous name list the candidates', async () => {
    const { exitCode, stderr } = await run(['images', 'packages', 'app']);
    expect(exitCode).toBe(2);
    for (const digest of digests) expect(stderr).toContain(digest);
    expect((await run(['images', 'packages', 'pp:1.2'])).exitCode).toBe(7);
  });
});

describe('names', () => {
  it('may be shortened to an unambiguous prefix', async () => {
    const { stdout } = await run(['engines', 'show', 'apk', '-q']);
    expect(stdout).toBe('apktool\n');
    await run(['engines', 'show', 'strings']);
    expect(called('engines.list')).toHaveLength(1);
  });

  it('that are ambiguous or unknown are refused with the candidates or the nearest', async () => {
    const ambiguous = await run(['engines', 'show', 'str']);
    expect(ambiguous.exitCode).toBe(2);
    expect(ambiguous.stderr).toContain('strings');
    expect(ambiguous.stderr).toContain('strelka');
    const unknown = await run(['engines', 'show', 'strngs']);
    expect(unknown.exitCode).toBe(7);
    expect(unknown.stderr).toContain('Did you mean strings?');
  });

  it('must be whole to remove something without confirmation', async () => {
    await run(['engines', 'remove', 'apk', '--yes']);
    expect(called('engines.remove').map(({ params }) => params['name'])).toEqual(['apk']);
  });
});

describe('columns', () => {
  it('that are unknown are refused with the nearest, before anything is sent', async () => {
    const { exitCode, stderr } = await run(['jobs', 'list', '--columns', 'id,enigne']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('unknown column "enigne"');
    expect(stderr).toContain('Did you mean engine?');
    expect(calls()).toEqual([]);
    expect((await run(['job', ids[0] ?? '', '--columns', 'id'])).exitCode).not.toBe(0);
  });

  it('may be given as paths or as the table heads them', async () => {
    const { stdout } = await run([
      'jobs',
      'list',
      '--columns',
      'ID,outcome,created at,outcome.detail',
    ]);
    expect(stdout.split('\n')[0]).toMatch(/^ID +OUTCOME +CREATED +DETAIL$/);
  });
});
