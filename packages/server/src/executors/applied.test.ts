import { anyAnswer } from '@lazaret/docker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { compareApplied, describeApplied, inspectedContainer } from './applied.ts';
import type { InspectedContainer } from './applied.ts';
import { createContainer, removeContainer } from './docker-containers.ts';
import { createDockerExecutor } from './docker.ts';
import { createProbeImage, dockerAddress } from './testing/probe-image.ts';
import type { ProbeImage } from './testing/probe-image.ts';
import { containerConfig } from './profile.ts';
import type { ContainerSpec, CreateBody } from './profile.ts';

let image: ProbeImage;
let body: CreateBody;
let inspected: InspectedContainer;

/** A container is created, inspected and removed. */
async function inspect(made: CreateBody): Promise<InspectedContainer> {
  const name = `lazaret-${crypto.randomUUID()}`;
  const { containerId } = await createContainer(image.api, { name, body: made }, {});
  const path = `/containers/${containerId}/json`;
  const answer = await image.api.call({ method: 'GET', path }, inspectedContainer);
  await removeContainer(image.api, containerId, {});
  return answer;
}

function bodyOf(changes: Partial<ContainerSpec> = {}): CreateBody {
  return containerConfig(image.spec('true', changes), { storageQuota: false });
}

beforeAll(async () => {
  image = await createProbeImage();
  body = bodyOf({ seccomp: 'strict', workdir: '/tmp', runtime: 'runc' });
  inspected = await inspect(body);
});
afterAll(async () => {
  await image.remove();
});

describe('the applied configuration', () => {
  test('equals what was requested', () => {
    expect(compareApplied(body, inspected)).toEqual([]);
  });

  test('is described for the attempt', () => {
    expect(describeApplied(inspected, ['careful'])).toMatchObject({
      imageId: expect.stringMatching(/^sha256:/),
      runtime: 'runc',
      user: '65532:65532',
      network: 'none',
      readOnlyRoot: true,
      capabilitiesDropped: ['ALL'],
      capabilitiesAdded: [],
      noNewPrivileges: true,
      seccomp: 'strict',
      memoryBytes: 67_108_864,
      memoryAndSwapBytes: 67_108_864,
      cpus: 1,
      pids: 32,
      openFiles: 64,
      fileBytes: 8_388_608,
      ipc: 'private',
      cgroupNamespace: 'private',
      volumes: expect.arrayContaining(['/in', '/out']),
      warnings: ['careful'],
    });
  });

  test('is one volume when both directories are the same', async () => {
    const shared = bodyOf({ inputMount: '/data', outputMount: '/data' });
    expect(compareApplied(shared, await inspect(shared))).toEqual([]);
  });

  test('accepts the image by its id', async () => {
    const byId = bodyOf({ image: inspected.Image });
    expect(compareApplied(byId, await inspect(byId))).toEqual([]);
  });
});

describe('a planted mismatch is found', () => {
  const planted: Record<string, unknown> = {
    'HostConfig.NetworkMode': 'bridge',
    'HostConfig.PortBindings': { '80/tcp': [{ HostPort: '80' }] },
    'HostConfig.PublishAllPorts': true,
    'HostConfig.ExtraHosts': ['a:1.2.3.4'],
    'HostConfig.Links': ['/other:/alias'],
    'HostConfig.Privileged': true,
    'HostConfig.CapDrop': null,
    'HostConfig.CapAdd': ['SYS_ADMIN'],
    'HostConfig.GroupAdd': ['docker'],
    'HostConfig.SecurityOpt': ['no-new-privileges:true', 'seccomp=unconfined'],
    'HostConfig.IpcMode': 'host',
    'HostConfig.CgroupnsMode': 'host',
    'HostConfig.PidMode': 'host',
    'HostConfig.UTSMode': 'host',
    'HostConfig.UsernsMode': 'host',
    'HostConfig.CgroupParent': '/elsewhere',
    'HostConfig.Sysctls': { 'kernel.shm_rmid_forced': '1' },
    'HostConfig.Devices': [{ PathOnHost: '/dev/kvm' }],
    'HostConfig.DeviceRequests': [{ Driver: 'nvidia' }],
    'HostConfig.DeviceCgroupRules': ['c 1:3 mr'],
    'HostConfig.Runtime': 'other',
    'HostConfig.Memory': 0,
    'HostConfig.MemorySwap': -1,
    'HostConfig.NanoCpus': 0,
    'HostConfig.PidsLimit': null,
    'HostConfig.OomScoreAdj': 0,
    'HostConfig.OomKillDisable': true,
    'HostConfig.Ulimits': [{ Name: 'nofile', Soft: 64, Hard: 128 }],
    'HostConfig.ShmSize': 67_108_864,
    'HostConfig.ReadonlyRootfs': false,
    'HostConfig.Tmpfs': { '/tmp': 'rw,exec' },
    'HostConfig.Binds': ['/:/host'],
    'HostConfig.VolumesFrom': ['other'],
    'HostConfig.LogConfig': { Type: 'json-file', Config: {} },
    'HostConfig.RestartPolicy': { Name: 'always', MaximumRetryCount: 0 },
    'HostConfig.AutoRemove': true,
    'HostConfig.Init': null,
    'HostConfig.MaskedPaths': [],
    'HostConfig.ReadonlyPaths': [],
    'Config.User': '',
    'Config.Entrypoint': ['/bin/other'],
    'Config.Cmd': null,
    'Config.Env': ['PATH=/bin'],
    'Config.WorkingDir': '/',
    'Config.Hostname': 'host',
    'Config.Domainname': 'example',
    'Config.Tty': true,
    'Config.OpenStdin': true,
    'Config.Healthcheck': null,
    'Config.StopTimeout': null,
    'Config.Labels': {},
  };

  test.each(Object.entries(planted))('in %s', (field, value) => {
    const [section = '', name = ''] = field.split('.');
    const other = structuredClone(inspected) as Record<string, Record<string, unknown>>;
    (other[section] ?? {})[name] = value;
    const mismatches = compareApplied(body, inspectedContainer.parse(other));
    expect(mismatches.map((mismatch) => mismatch.field)).toEqual([field]);
  });

  test('in every field that the profile sets', () => {
    const { HostConfig, ...config } = body;
    const { Mounts: _, ...host } = HostConfig;
    const { Image: __, ExposedPorts: ___, ...rest } = config;
    const fields = [
      ...Object.keys(host).map((name) => `HostConfig.${name}`),
      ...Object.keys(rest).map((name) => `Config.${name}`),
    ];
    expect(fields.filter((field) => !(field in planted))).toEqual([]);
  });

  test.each([
    ['a bind', { Type: 'bind', Destination: '/host', RW: true }],
    ['another volume', { Type: 'volume', Destination: '/data', RW: true }],
    ['another tmpfs', { Type: 'tmpfs', Destination: '/run', RW: true }],
  ])('in the mounts: %s', (_, mount) => {
    const other = { ...inspected, Mounts: [...inspected.Mounts, mount] };
    expect(compareApplied(body, other)).toMatchObject([{ field: 'Mounts' }]);
  });

  test('in the mounts: one that cannot be written', () => {
    const Mounts = inspected.Mounts.map((mount) => ({ ...mount, RW: false }));
    expect(compareApplied(body, { ...inspected, Mounts })).toMatchObject([{ field: 'Mounts' }]);
  });

  test('in the image', () => {
    const byId = { ...body, Image: `sha256:${'0'.repeat(64)}` };
    expect(compareApplied(byId, inspected)).toMatchObject([{ field: 'Image' }]);
  });
});

describe('an engine that drops a field', () => {
  test('that it does not support is detected', async () => {
    const HostConfig = { ...body.HostConfig, LazaretProbe: 'kept' };
    const dropping = { ...body, HostConfig };
    const got = await inspect(dropping);
    expect(compareApplied(dropping, got)).toEqual([
      { field: 'HostConfig.LazaretProbe', wanted: '"kept"', got: 'nothing' },
    ]);
  });

  test('or that adds one is detected', async () => {
    const { PidsLimit: _, Init: __, ...HostConfig } = body.HostConfig;
    const got = await inspect({ ...body, HostConfig });
    const fields = compareApplied(body, got).map(({ field }) => field);
    expect(fields.sort()).toEqual(['HostConfig.Init', 'HostConfig.PidsLimit']);
  });

  test('is reported by the executor, as is a volume of the image itself', async () => {
    const withVolume = await createProbeImage('VOLUME /surprise');
    const executor = createDockerExecutor({ address: dockerAddress, now: Date.now });
    try {
      const resolved = await executor.resolveImage(withVolume.tag);
      expect(resolved.volumes).toEqual(['/surprise']);
      const created = await executor.create(withVolume.spec('true'));
      expect(created.mismatches).toMatchObject([
        { field: 'Mounts', got: expect.stringContaining('volume /surprise writable') },
      ]);
    } finally {
      await withVolume.remove();
      await executor.close();
    }
  });

  test('of volumes has none after the removal', async () => {
    const executor = createDockerExecutor({ address: dockerAddress, now: Date.now });
    const spec = image.spec('true');
    const { containerId } = await executor.create(spec);
    const label = `io.lazaret.attempt=${spec.labels.attempt}`;
    const query = { filters: JSON.stringify({ label: [label] }) };
    const volumes = (): Promise<unknown> =>
      image.api.call({ method: 'GET', path: '/volumes', query }, anyAnswer);
    expect(await volumes()).toMatchObject({ Volumes: [expect.anything(), expect.anything()] });
    await executor.remove(containerId);
    const { Volumes } = (await volumes()) as { Volumes: unknown[] | null };
    expect(Volumes ?? []).toEqual([]);
    await executor.close();
  });
});
