/**
 * The image for tests of containment: a static busybox, and perl for system calls. Built from
 * the programs of this machine, so no registry is needed.
 */
import { anyAnswer, createDockerClient, type DockerClient } from '@lazaret/docker';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { writeTar } from '@lazaret/analysis';
import type { TarInput } from '@lazaret/analysis';
import { z } from 'zod';

import type { ContainerSpec } from '../profile.ts';

const MiB = 1024 * 1024;
export const dockerAddress = 'unix:///var/run/docker.sock';

/** The container of an attempt. */
export interface ProbeSpec extends ContainerSpec {
  readonly labels: ContainerSpec['labels'] & { readonly attempt: string };
}

export interface ProbeImage {
  readonly api: DockerClient;
  /** A separate tag for each test file. */
  readonly tag: string;
  /** Label of all containers of this test file. */
  readonly instance: string;
  /** A spec that runs a shell line in the image. */
  spec(shell: string, changes?: Partial<ContainerSpec>): ProbeSpec;
  /** Removes the image and every container of this instance. */
  remove(): Promise<void>;
}

/** Imports the image; `changes` are lines of a Dockerfile, as in `VOLUME /data`. */
export async function createProbeImage(changes = ''): Promise<ProbeImage> {
  const api = createDockerClient({ address: dockerAddress });
  const instance = `test-${randomUUID()}`;
  const tag = `lazaret-test/probe:${instance}`;
  const [repo] = tag.split(':');
  const stream = await api.stream({
    method: 'POST',
    path: '/images/create',
    query: { fromSrc: '-', repo, tag: instance, changes: changes === '' ? undefined : changes },
    body: writeTar(await imageFiles()),
  });
  for await (const _ of stream) continue;
  return {
    api,
    tag,
    instance,
    spec: (shell, { labels = {}, ...rest } = {}) => {
      const spec = probeSpec(tag, instance, shell);
      return { ...spec, ...rest, labels: { ...spec.labels, ...labels } };
    },
    remove: () => removeAll(api, tag, instance),
  };
}

function probeSpec(image: string, instance: string, shell: string): ProbeSpec {
  return {
    image,
    command: ['/bin/sh', '-c', shell],
    environment: { PROBE: 'yes' },
    user: { uid: 65_532, gid: 65_532 },
    inputMount: '/in',
    outputMount: '/out',
    resources: {
      memoryBytes: 64 * MiB,
      cpus: 1,
      pids: 32,
      diskBytes: 8 * MiB,
      tmpBytes: 4 * MiB,
      openFiles: 64,
      logBytes: 1 * MiB,
    },
    stopGraceMs: 1_000,
    network: 'none',
    seccomp: 'default',
    labels: { instance, attempt: randomUUID(), job: randomUUID() },
  };
}

const applets = [
  ...'sh cat ls id sleep ln mkfifo mknod dd grep mount chmod stat'.split(' '),
  ...'true unshare mkdir rm head tail kill'.split(' '),
];

async function imageFiles(): Promise<TarInput[]> {
  const folders = ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'usr', 'usr/bin', 'lib'];
  const libraries = await linkedLibraries('/usr/bin/perl');
  return [
    ...folders.map((path) => ({ path, type: 'directory' as const })),
    { path: 'etc/passwd', content: Buffer.from('root:x:0:0::/:/bin/sh\n') },
    await programFile('bin/busybox', '/bin/busybox'),
    ...applets.map((name) => ({
      path: `bin/${name}`,
      type: 'symlink' as const,
      linkPath: 'busybox',
    })),
    await programFile('usr/bin/perl', '/usr/bin/perl'),
    ...(await Promise.all(libraries.map((path) => programFile(path.slice(1), path)))),
  ];
}

async function programFile(path: string, source: string): Promise<TarInput> {
  return { path, mode: 0o755, content: await readFile(source) };
}

async function linkedLibraries(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].flatMap((match) => match[1] ?? []);
}

async function removeAll(api: DockerClient, tag: string, instance: string): Promise<void> {
  const filters = JSON.stringify({ label: [`io.lazaret.instance=${instance}`] });
  const listed = z.array(z.object({ Id: z.string() }));
  const query = { all: true, filters };
  const found = await api.call({ method: 'GET', path: '/containers/json', query }, listed);
  for (const { Id } of found) {
    const path = `/containers/${Id}`;
    await api.call({ method: 'DELETE', path, query: { v: true, force: true } }, anyAnswer);
  }
  await api.call({ method: 'DELETE', path: `/images/${tag}`, accept: [404] }, anyAnswer);
  await api.close();
}
