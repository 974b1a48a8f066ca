/**
 * A second, real engine next to that of the machine: with its own directories and network
 * namespace, because an engine without a bridge removes that of the other.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from './apt-packages.mjs';
import { fallbacks, startDockerd, stopDockerd } from './dockerd.ts';
import { ensureDocker } from './ensure-docker.ts';
import { pingEngine } from './local-engine.ts';

const TEST_TIMEOUT_MS = 180_000;

let directory: string;
let engine: Parameters<typeof startDockerd>[0] & { socket: string; execRoot: string };

beforeEach(async () => {
  await ensureDocker(); // installs dockerd if it is missing
  directory = await mkdtemp(join(tmpdir(), 'lazaret-dockerd-test-'));
  const isolated = ['--bridge=none', '--iptables=false', '--ip6tables=false'];
  engine = {
    dataDirectory: join(directory, 'data'),
    socket: join(directory, 'docker.sock'),
    execRoot: join(directory, 'run'),
    parameters: [`--data-root=${join(directory, 'images')}`, ...isolated],
  };
  await mkdir(engine.dataDirectory);
  const programs = join(directory, 'bin');
  await mkdir(programs);
  const wrapper = '#!/bin/sh\nPATH="${PATH#*:}" exec unshare --net dockerd "$@"\n';
  await writeFile(join(programs, 'dockerd'), wrapper, { mode: 0o755 });
  vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await end('SIGTERM');
  // a killed engine leaves its data directory mounted on itself
  await run('umount', [join(directory, 'images')]).catch(() => {});
  await rm(directory, { recursive: true, force: true });
});

async function ownPid(): Promise<number> {
  return Number(await readFile(join(engine.dataDirectory, 'dockerd.pid'), 'utf8'));
}

async function end(signal: NodeJS.Signals): Promise<void> {
  if (!(await pingEngine(engine.socket)).ok) return;
  const pid = await ownPid();
  process.kill(pid, signal);
  await expect.poll(() => existsSync(`/proc/${pid}/exe`), { timeout: 30_000 }).toBe(false);
}

describe('startDockerd', { timeout: TEST_TIMEOUT_MS }, () => {
  test('starts an engine despite stale process ids, and again after kill -9', async () => {
    // ids of other programs: this test and the init process
    await writeFile(join(engine.dataDirectory, 'dockerd.pid'), String(process.pid));
    await writeFile(`${engine.execRoot}.pid`, '1');

    expect(await startDockerd(engine)).toBeUndefined();
    expect(await pingEngine(engine.socket)).toEqual({ ok: true });
    const first = await ownPid();

    await end('SIGKILL');
    expect((await pingEngine(engine.socket)).ok).toBe(false);

    expect(await startDockerd(engine)).toBeUndefined();
    expect(await pingEngine(engine.socket)).toEqual({ ok: true });
    const second = await ownPid();
    expect(second).toBeGreaterThan(1);
    expect(second).not.toBe(first);
  });

  test('stores its process id below a relative data directory, where it is found to be stopped', async () => {
    const dataDirectory = relative(process.cwd(), engine.dataDirectory);

    expect(await startDockerd({ ...engine, dataDirectory })).toBeUndefined();
    expect(await ownPid()).toBeGreaterThan(1);
    expect(await stopDockerd(dataDirectory)).toBe(true);
    expect((await pingEngine(engine.socket)).ok).toBe(false);
    expect(await stopDockerd(dataDirectory)).toBe(false);
  });

  test('returns the log when dockerd cannot start', async () => {
    const parameters = [...(engine.parameters ?? []), '--no-such-flag'];

    expect(await startDockerd({ ...engine, parameters })).toMatch(
      /dockerd did not start.*dockerd\.log[^]*no-such-flag/,
    );
  });
});

describe('fallbacks', () => {
  // messages of dockerd 20.10 on machines with the problem
  test.each([
    ['cgroups', "failed to start daemon: Devices cgroup isn't mounted"],
    ['iptables-legacy', 'iptables v1.8.9 (nf_tables): Could not fetch rule set generation id'],
    ['vfs', 'error initializing graphdriver: driver not supported'],
  ])('%s is the first remedy for its log message', (name, message) => {
    expect(fallbacks.find((fallback) => fallback.when.test(message))?.name).toBe(name);
  });
});
