/** `lazaret inspect` as a program: Ctrl-C while waiting for a registry, and malformed names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import { startFakeRegistry } from '../packages/oci/src/testing/fake-registry.ts';
import { startProgram } from '../packages/cli/src/testing/spawn-program.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-interrupted-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test.each([
  ['requested a delay of minutes', 'too-many-requests', []],
  ['is queried once an hour', undefined, ['--registry-rate', '1/1h']],
] as const)('Ctrl-C interrupts the wait for a registry that %s', async (_, fault, flags) => {
  const answered = Promise.withResolvers<void>();
  const registry = await startFakeRegistry({
    now: () => Date.now(),
    retryAfterSeconds: 240,
    onRequest: () => answered.resolve(),
  });
  try {
    registry.store.putImage('lab/app', '1', await buildImage({ layers: [] }));
    if (fault !== undefined) registry.faults.on(fault);
    const argv = ['inspect', `${registry.host}/lab/app:1`, '--no-cache', ...flags];
    const { child, finished } = startProgram(argv, { home });
    await answered.promise;
    const began = performance.now();
    child.kill('SIGINT');
    const { exitCode, stderr } = await finished;
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('was interrupted')]);
    expect(performance.now() - began).toBeLessThan(120_000);
    expect(registry.requests).toHaveLength(1);
  } finally {
    await registry.close();
  }
});

test.each([
  ['Foo/Bar', 'expected host[:port]/repository[:tag][@digest]'],
  ['app:no/tag:', 'invalid image reference'],
  ['docker:', 'missing reference after "docker:"'],
])('%s is an invalid command line, not a damaged image', async (word, text) => {
  const { finished } = startProgram(['inspect', word, '--no-cache'], { home });
  const { exitCode, stderr } = await finished;
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(text)]);
});
