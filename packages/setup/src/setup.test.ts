import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ensurePackages } from './apt-packages.mjs';
import { buildBase, busyboxBase } from './base-image.ts';
import { ensureDocker } from './ensure-docker.ts';
import { findImage } from './local-engine.ts';

const run = promisify(execFile);
const TEST_TIMEOUT_MS = 300_000;

afterEach(() => vi.unstubAllEnvs());

describe('ensureDocker', { timeout: TEST_TIMEOUT_MS }, () => {
  test('finds the local engine', async () => {
    expect(await ensureDocker()).toMatchObject({ state: 'running', advice: '' });
  });

  test('reports the engine of DOCKER_HOST that does not respond', async () => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');

    const docker = await ensureDocker();
    expect(docker).toMatchObject({ state: 'missing', socket: undefined });
    expect(docker.advice).toContain('/nowhere/docker.sock, where no engine responds (ENOENT)');
  });

  test('does not mistake a remote engine for a local one', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:2376');

    expect((await ensureDocker()).advice).toContain('add remote engines as nodes');
  });

  test('prints instructions for an unprivileged user', async () => {
    const tool = fileURLToPath(new URL('../../../tools/docker.ts', import.meta.url));
    const ended = run(process.execPath, [tool], { uid: 65534, gid: 65534 });

    await expect(ended).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('sudo usermod -aG docker'),
    });
  });
});

describe('ensurePackages', () => {
  test('does not reinstall installed packages', async () => {
    expect(await ensurePackages(['dpkg', 'tar'])).toEqual([]);
  });
});

describe('buildBase', { timeout: TEST_TIMEOUT_MS }, () => {
  test('builds a base once for the same recipe', async () => {
    const { socket, advice } = await ensureDocker();
    if (socket === undefined) throw new Error(advice);
    await buildBase({ ...busyboxBase, socket });

    const again = await buildBase({ ...busyboxBase, socket });
    expect(again).toMatchObject({ image: 'lazaret/base-busybox:latest', built: false });
    expect((await findImage(socket, again.image))?.id).toBe(again.id);
    expect(again.sizeBytes).toBeLessThan(10_000_000);
  });
});
