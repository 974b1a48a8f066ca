/** What a poll of unchanged tags costs the registry, in requests. */
import { startFakeRegistry } from '@lazaret/oci/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';

/** `bench/registry` counts 1,000; each costs the same. */
const repositories = 250;
const tags = 10;
let lab: WatchFixture;

beforeAll(async () => {
  const registry = await startFakeRegistry({ now: () => Date.now() });
  const image = await buildTiny();
  for (let at = 0; at < repositories; at += 1) {
    const name = `lab/repository-${String(at).padStart(4, '0')}`;
    for (let tag = 0; tag < tags; tag += 1) registry.store.putImage(name, `1.${tag}`, image);
  }
  lab = await startWatchFixture(inject('databaseUrl'), registry);
}, 60_000);
afterAll(() => lab.close());

test('repositories of 10 unchanged tags cost one request a tag and one a page', async () => {
  const id = await lab.watch({ backlog: 0 });
  await lab.poll(id);
  lab.registry.requests.length = 0;
  const { poll, counts } = await lab.poll(id);
  expect(counts).toMatchObject({
    repositories,
    tags: repositories * tags,
    waiting: 0,
    problems: 0,
  });
  const asked = lab.registry.requests;
  const count = (method: string, path: RegExp): number =>
    asked.filter((one) => one.method === method && path.test(one.path)).length;
  const heads = count('HEAD', /\/manifests\//);
  const lists = count('GET', /\/tags\/list/);
  const catalog = count('GET', /_catalog/);
  expect([heads, lists]).toEqual([repositories * tags, repositories]);
  expect(heads + lists + catalog).toBe(asked.length);
  expect(catalog).toBeLessThanOrEqual(Math.ceil(repositories / 200) + 1);
  expect(poll.requests).toBe(asked.length);
  process.stdout.write(
    `poll of ${repositories} x 10 unchanged tags: ${asked.length} requests ` +
      `(${heads} HEAD of tags, ${lists} lists of tags, ${catalog} pages of the catalog)\n`,
  );
  lab.registry.requests.length = 0;
  lab.registry.faults.on('listed-digests');
  const listed = await lab.poll(id);
  expect(listed).toMatchObject({ state: 'healthy', counts: { tags: repositories * tags } });
  expect(lab.registry.requests.length).toBe(lists + catalog);
  process.stdout.write(
    `the same where lists contain digests: ${lab.registry.requests.length} requests\n`,
  );
}, 300_000);
