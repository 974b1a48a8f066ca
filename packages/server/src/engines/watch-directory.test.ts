import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { limits, Problem } from '@lazaret/protocol';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { findUnfinishedJob } from '../jobs/read.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { rollBack, setEnabled } from './change-engine.ts';
import { createEngines, type Engines } from './engines.ts';
import { engineLimits } from './limits.ts';
import { parseManifest } from './parse-manifest.ts';
import { listEngines, readEngine } from './store.ts';
import { watchDirectory } from './watch-directory.ts';

let database: TestDatabase;
let directory: string;
let engines: Engines;
let stop: AbortController;
const images = new Map<string, string>();

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.handle.pool.query('truncate engines, engine_revisions, events cascade');
  directory = await mkdtemp(join(tmpdir(), 'lazaret-engines-'));
  images.clear();
  images.set('lab/tool', 'sha256:one');
  start();
});
afterEach(async () => {
  stop.abort();
  await rm(directory, { recursive: true, force: true });
});

function start(): void {
  stop = new AbortController();
  engines = createEngines({
    database: database.handle.db,
    log: pino({ level: 'silent' }),
    onEvents: () => undefined,
    nowMs: Date.now,
    findUnfinishedJob,
    allowedNetworks: [],
    allowedRuntimes: [],
    resolveImage: async (reference) => {
      const digest = images.get(reference);
      if (digest === undefined) throw new Problem('image_not_found', `no node has ${reference}`);
      return { digest, kind: 'image-id' };
    },
  });
  engines.watch(directory, stop.signal);
}

const text = (name: string, more = ''): string => `name: ${name}\nimage: lab/tool\n${more}`;
const put = (file: string, content: string): Promise<void> =>
  writeFile(join(directory, file), content);

async function present(): Promise<string[]> {
  const query = { limit: 100, after: undefined, enabled: undefined };
  const { items } = await listEngines(database.handle.db, query);
  return items.map(
    ({ name, revision, image }) => `${name}:${revision}${image === null ? '?' : ''}`,
  );
}

const shows = (expected: string[]) => expect.poll(present, { timeout: 15_000 }).toEqual(expected);
const refuses = (expected: Record<string, unknown>[]) =>
  expect.poll(() => engines.refused, { timeout: 15_000 }).toMatchObject(expected);

test('added, changed and removed files update their engines', async () => {
  await put('one.yaml', text('one'));
  await put('two.json', '{"name": "two", "image": "lab/tool"}');
  await mkdir(join(directory, 'three'));
  await put('three/manifest.yaml', text('three'));
  await put('three/other.yaml', text('not-read'));
  await put('.hidden.yaml', text('hidden'));
  await put('notes.txt', text('notes'));
  await shows(['one:1', 'three:1', 'two:1']);
  await put('one.yaml', text('one', 'version: "2"\n'));
  await rm(join(directory, 'three'), { recursive: true });
  await shows(['one:2', 'two:1']);
  expect(engines.refused).toEqual([]);
});

test('an invalid manifest is refused with file, line and field, affects no other, and keeps its engine', async () => {
  await put('good.yaml', text('good'));
  await put('tool.yaml', text('tool'));
  await shows(['good:1', 'tool:1']);
  await put('tool.yaml', text('tool', 'resources:\n  memroy: 1GiB\n'));
  await put('new.yaml', 'name: [');
  await refuses([
    { file: 'tool.yaml', detail: expect.stringContaining('line 4: resources.memroy:') },
    { file: 'new.yaml' },
  ]);
  await shows(['good:1', 'tool:1']);
  await put('tool.yaml', text('tool', 'version: "2"\n'));
  await rm(join(directory, 'new.yaml'));
  await refuses([]);
  await shows(['good:1', 'tool:2']);
});

test('an engine whose file is invalid at start is kept, whatever the file contains', async () => {
  await put('tool.yaml', text('tool'));
  await put('by-declared-name.yaml', text('declared'));
  await put('gone.yaml', text('gone'));
  await shows(['declared:1', 'gone:1', 'tool:1']);
  stop.abort();
  await put('tool.yaml', '\0\0[');
  await put('by-declared-name.yaml', text('declared', 'nonsense: 1\n'));
  await rm(join(directory, 'gone.yaml'));
  start();
  await shows(['declared:1', 'tool:1']);
  await refuses([{}, {}]);
});

test('two files with one name: the first keeps the engine, and the other replaces it after its removal', async () => {
  await put('b.yaml', text('tool', 'version: b\n'));
  await shows(['tool:1']);
  await put('a.yaml', text('tool', 'version: a\n'));
  await refuses([{ file: 'a.yaml', detail: expect.stringContaining('b.yaml') }]);
  expect(await readEngine(database.handle.db, 'tool')).toMatchObject({ version: 'b' });
  await rm(join(directory, 'b.yaml'));
  await shows(['tool:2']);
  await refuses([]);
});

test('an image that no node has yet: the engine waits with a reason, and is pinned when it appears', async () => {
  await put('late.yaml', 'name: late\nimage: lab/late\n');
  await shows(['late:1?']);
  await expect
    .poll(async () => (await readEngine(database.handle.db, 'late')).problem)
    .toContain('no node has lab/late');
  images.set('lab/late', 'sha256:late');
  await shows(['late:1']);
  expect(await readEngine(database.handle.db, 'late')).toMatchObject({
    problem: null,
    image: { digest: 'sha256:late' },
  });
});

test('a restart uses a rebuilt image, and reverts neither rollback nor disabling', async () => {
  await put('tool.yaml', text('tool'));
  await shows(['tool:1']);
  await put('tool.yaml', text('tool', 'version: "2"\n'));
  await shows(['tool:2']);
  await rollBack(database.handle.db, { name: 'tool', actor: 'op', revision: undefined });
  await setEnabled(database.handle.db, { name: 'tool', actor: 'op', enabled: false });
  stop.abort();
  start();
  await put('other.yaml', text('other'));
  await shows(['other:1', 'tool:1']);
  expect(await readEngine(database.handle.db, 'tool')).toMatchObject({ enabled: false });
  stop.abort();
  images.set('lab/tool', 'sha256:two');
  start();
  await shows(['other:2', 'tool:3']);
});

test('an engine of the API is not allowed over by a file, nor the other way round', async () => {
  const manifest = parseManifest(text('mine'));
  await engines.add(manifest, 'op');
  await put('mine.yaml', text('mine', 'version: file\n'));
  await put('file.yaml', text('file'));
  await refuses([{ file: 'mine.yaml', detail: expect.stringContaining('added over the API') }]);
  await shows(['file:1', 'mine:1']);
  await expect(engines.add({ ...manifest, name: 'file' }, 'op')).rejects.toMatchObject({
    code: 'conflict',
  });
  await shows(['file:1', 'mine:1']);
});

test('a file that is still being written is not read, and its engine is not removed', async () => {
  stop.abort();
  const added: string[] = [];
  const removed: string[] = [];
  const watch = watchDirectory({
    directory,
    log: pino({ level: 'silent' }),
    nowMs: Date.now,
    add: async (manifest) => void added.push(manifest.version),
    remove: async (name) => void removed.push(name),
    list: async () => ['slow'],
    onRefused: async () => undefined,
  });
  await put('slow.yaml', text('slow', 'version: "0"\n'));
  let size = 0;
  const writing = setInterval(() => {
    size += 1;
    writeFileSync(join(directory, 'slow.yaml'), text('slow', `version: "${'x'.repeat(size)}"\n`));
  }, engineLimits.settleMs / 10);
  expect(await watch.turn()).toEqual({ unsettled: true });
  clearInterval(writing);
  expect(size).toBeGreaterThan(0);
  expect({ added, removed }).toEqual({ added: [], removed: [] });
  expect(await watch.turn()).toEqual({ unsettled: false });
  expect({ added, removed }).toEqual({ added: ['x'.repeat(size)], removed: [] });
});

test('an unreadable file is refused without affecting others', async () => {
  await put('name-that-loops.yaml', '');
  await rm(join(directory, 'name-that-loops.yaml'));
  await symlink('name-that-loops.yaml', join(directory, 'name-that-loops.yaml'));
  await mkdir(join(directory, 'd.yaml'));
  await mkdir(join(directory, 'sub', 'manifest.yaml'), { recursive: true });
  await writeFile(join(directory, 'latin.yaml'), Buffer.from([0x6e, 0xe4, 0xff]));
  await put('good.yaml', text('good'));
  await shows(['good:1']);
  await refuses([{ file: 'latin.yaml', detail: 'expected text in UTF-8' }]);
});

test('a file that is too large is refused', async () => {
  await put('large.yaml', text('large', `# ${'x'.repeat(limits.manifestBytes)}`));
  await refuses([{ file: 'large.yaml', detail: expect.stringContaining('at most') }]);
  await put('large.yaml', text('large'));
  await shows(['large:1']);
});

test('links to the outside and pipes are not read, links inside are', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'lazaret-outside-'));
  await writeFile(join(outside, 'x.yaml'), text('outside'));
  await symlink(join(outside, 'x.yaml'), join(directory, 'escape.yaml'));
  await symlink(outside, join(directory, 'sub'));
  execFileSync('mkfifo', [join(directory, 'pipe.yaml')]);
  await mkdir(join(directory, '.data'));
  await put('.data/real.yaml', text('inside'));
  await symlink('.data/real.yaml', join(directory, 'link.yaml'));
  await shows(['inside:1']);
  await rm(outside, { recursive: true });
});

test('a missing directory removes nothing; an empty one does', async () => {
  await put('tool.yaml', text('tool'));
  await shows(['tool:1']);
  await rename(directory, `${directory}-moved`);
  await new Promise((resolve) => setTimeout(resolve, engineLimits.watchMs * 1.5));
  expect(await present()).toEqual(['tool:1']);
  await mkdir(directory);
  await shows([]);
  await rm(`${directory}-moved`, { recursive: true });
});

test('a start with an empty directory removes nothing; removal over the API works', async () => {
  await put('tool.yaml', text('tool'));
  await shows(['tool:1']);
  await expect(engines.remove('tool', 'op')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('tool.yaml'),
  });
  stop.abort();
  await rm(join(directory, 'tool.yaml'));
  start();
  await new Promise((resolve) => setTimeout(resolve, engineLimits.watchMs * 1.5));
  expect(await present()).toEqual(['tool:1']);
  await engines.remove('tool', 'op');
  expect(await present()).toEqual([]);
});
