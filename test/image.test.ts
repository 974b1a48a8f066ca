/**
 * The image is built from this installation and serves, in a restricted container, on the real
 * engine.
 */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { ensureDocker } from '@lazaret/setup';

import { buildImage } from '../tools/build-image.ts';
import { askEngine, readEngine } from '@lazaret/docker/testing';
import { readText } from './source/source-file.ts';

const tag = `lazaret/test-image:${randomBytes(4).toString('hex')}`;
const turnMs = 250;
let socket = '';
let container = '';

interface Inspected {
  readonly State: { readonly Running: boolean; readonly ExitCode: number };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>;
  };
}

beforeAll(async () => {
  const docker = await ensureDocker();
  if (docker.socket === undefined) throw new Error(docker.advice);
  ({ socket } = docker);
  await buildImage({ socket, tag });
}, 300_000);

afterAll(async () => {
  if (container !== '') {
    await remove(`/containers/${container}?force=1&v=1`);
  }
  await remove(`/images/${tag}?force=1`);
});

test('the image becomes ready as an unprivileged user and stops gracefully', async () => {
  container = await start();
  const url = `http://127.0.0.1:${await readPort()}`;
  const ready = (await until(() => ask(`${url}/readyz`))) as { components: { name: string }[] };
  expect(ready.components.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['database', 'blobs', 'nodes']),
  );
  const console = await fetch(`${url}/console/`);
  expect(console.status).toBe(200);
  expect(await runInside(['node', '/opt/lazaret/deploy/probe.mjs'])).toBe(0);

  await askEngine(socket, {
    method: 'POST',
    path: `/containers/${container}/stop?t=60`,
    deadlineMs: 90_000,
  });
  expect((await inspect()).State).toMatchObject({ Running: false, ExitCode: 0 });
}, 180_000);

test('the compose file describes the same container', () => {
  const { services } = parse(readText('deploy/compose.yaml')) as {
    services: { lazaret: Record<string, unknown> };
  };
  expect(services.lazaret).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: ['/tmp'],
    init: true,
  });
});

async function remove(path: string): Promise<void> {
  await askEngine(socket, { method: 'DELETE', path, accept: [404, 409] });
}

/** Started as in deploy/compose.yaml. */
async function start(): Promise<string> {
  const created = (await askEngine(socket, {
    method: 'POST',
    path: '/containers/create',
    json: {
      Image: tag,
      Labels: { 'lazaret.test': 'image' },
      ExposedPorts: { '8100/tcp': {} },
      HostConfig: {
        Init: true,
        ReadonlyRootfs: true,
        Tmpfs: { '/tmp': '' },
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        GroupAdd: [String(statSync(socket).gid)],
        Binds: [`${socket}:/var/run/docker.sock`],
        PortBindings: { '8100/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    },
  })) as { Id: string };
  await askEngine(socket, { method: 'POST', path: `/containers/${created.Id}/start` });
  return created.Id;
}

async function inspect(): Promise<Inspected> {
  return (await askEngine(socket, {
    method: 'GET',
    path: `/containers/${container}/json`,
  })) as Inspected;
}

async function readPort(): Promise<string> {
  const { NetworkSettings } = await inspect();
  return NetworkSettings.Ports['8100/tcp']?.[0]?.HostPort ?? '';
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(url).catch(() => undefined);
  return answer?.ok === true ? answer.json() : undefined;
}

/** Retries until there is a response; an exited container is reported with its log. */
async function until(look: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (!(await inspect()).State.Running) {
      const path = `/containers/${container}/logs?stdout=1&stderr=1&tail=20`;
      const log = await readEngine(socket, { method: 'GET', path });
      throw new Error(`the container exited: ${log.toString('utf8')}`);
    }
    await pause(turnMs);
  }
}

async function runInside(command: readonly string[]): Promise<number> {
  const exec = (await askEngine(socket, {
    method: 'POST',
    path: `/containers/${container}/exec`,
    json: { Cmd: command, AttachStdout: true, AttachStderr: true },
  })) as { Id: string };
  await readEngine(socket, {
    method: 'POST',
    path: `/exec/${exec.Id}/start`,
    json: { Detach: false },
  });
  const ended = (await askEngine(socket, { method: 'GET', path: `/exec/${exec.Id}/json` })) as {
    ExitCode: number;
  };
  return ended.ExitCode;
}
