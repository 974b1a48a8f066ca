import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatabaseLog } from './database-log.ts';
import { databaseLimits } from './limits.ts';

let root: string;
let log: DatabaseLog;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lazaret-log-'));
  log = await DatabaseLog.open(join(root, 'postgres.log'));
});

afterEach(async () => {
  await log.close();
  await rm(root, { recursive: true });
});

function write(text: string): void {
  spawnSync('/bin/echo', [text], { stdio: ['ignore', log.descriptor, log.descriptor] });
}

test('the tail has what was written since the mark, up to a limit', async () => {
  write('before');
  await log.mark();
  write('after');
  await log.note('noted');
  expect(await log.tail()).toBe('after\nlazaret: noted');
  write('x'.repeat(databaseLimits.logTailBytes * 2));
  expect(await log.tail()).toHaveLength(databaseLimits.logTailBytes - 1);
});

test('a log above its limit is rotated once, and writers continue in the new one', async () => {
  await truncate(log.path, databaseLimits.logBytes);
  await log.rotate();
  expect((await stat(log.path)).size).toBe(databaseLimits.logBytes);
  write('one more');
  await log.rotate();
  expect((await stat(log.path)).size).toBe(0);
  expect((await stat(`${log.path}.1`)).size).toBeGreaterThan(databaseLimits.logBytes);
  write('later');
  expect(await readFile(log.path, 'utf8')).toBe('later\n');
});
