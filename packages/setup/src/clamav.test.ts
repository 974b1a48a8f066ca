/** A real clamd, installed by the tests, with its own configuration and signatures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { run } from './apt-packages.mjs';
import { alertOnLimits, ensureClamav, type ClamavPaths } from './clamav.ts';

let directory: string;
let paths: ClamavPaths;

beforeEach(() => {
  // A short path: that of a socket may have 107 bytes.
  directory = mkdtempSync('/tmp/lazaret-clamav-');
  const config = join(directory, 'clamd.conf');
  const socket = join(directory, 'clamd.ctl');
  writeFileSync(
    config,
    `LocalSocket ${socket}\nDatabaseDirectory ${directory}\nPidFile ${directory}/pid\n`,
  );
  paths = { config, database: directory, sockets: [socket] };
});

afterEach(async () => {
  await run('pkill', ['-KILL', '-f', paths.config]).catch(() => {});
  rmSync(directory, { recursive: true, force: true });
});

describe('ensureClamav', { timeout: 120_000 }, () => {
  test('starts clamd, with alerts for files beyond its limits, and finds it again', async () => {
    writeFileSync(
      join(directory, 'test.hdb'),
      '44d88612fea8a8f36de82e1278abb02f:68:Test.Signature\n',
    );
    const [socket] = paths.sockets;
    expect(await ensureClamav({ paths, install: false })).toMatchObject({ socket: undefined });
    expect(await ensureClamav({ paths })).toEqual({ socket, started: true, advice: '' });
    expect(readFileSync(paths.config, 'utf8')).toContain('AlertExceedsMax yes');
    expect(await ensureClamav({ paths })).toEqual({ socket, started: false, advice: '' });
  });

  test('without downloadable signatures it says what to do and starts nothing', async () => {
    const state = await ensureClamav({ paths: { ...paths, database: join(directory, 'none') } });
    expect(state.socket).toBeUndefined();
    expect(state.advice).toContain('no signatures');
    expect(state.advice).toContain('main.cvd');
  });
});

test.each([
  ['', 'AlertExceedsMax yes\n'],
  ['MaxFiles 1', 'MaxFiles 1\nAlertExceedsMax yes\n'],
  ['AlertExceedsMax no\nMaxFiles 1\n', 'MaxFiles 1\nAlertExceedsMax yes\n'],
  ['AlertExceedsMax yes\nMaxFiles 1\n', 'AlertExceedsMax yes\nMaxFiles 1\n'],
])('alerts on limits are set once in %j', (before, after) => {
  writeFileSync(paths.config, before);
  alertOnLimits(paths.config);
  expect(readFileSync(paths.config, 'utf8')).toBe(after);
});
