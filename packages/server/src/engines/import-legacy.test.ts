import { Problem } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { convertLegacyEngine } from './import-legacy.ts';
import { splitShellWords } from './split-shell-words.ts';

const entry = {
  name: 'apktool',
  workers: 2,
  image: 'registry:5000/apktool:latest',
  cmd: 'cd /data && ./run.sh > result',
  mountpoint: '/data',
  sizelimit: 50_000_000,
  inputfilename: 'input.apk',
  user: 1000,
  runflags: ['-m=1g', '--security-opt', 'no-new-privileges'],
  timeout: 240,
};

const manifestOf = (change: Record<string, unknown>) =>
  convertLegacyEngine({ ...entry, ...change }).manifest;

function refusal(change: Record<string, unknown>): string {
  try {
    convertLegacyEngine({ ...entry, ...change });
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
  throw new Error('expected a refusal');
}

test('an entry becomes an equivalent manifest', () => {
  expect(convertLegacyEngine(entry)).toMatchObject({
    enabled: true,
    manifest: {
      name: 'apktool',
      image: 'registry:5000/apktool:latest',
      command: ['/bin/bash', '-c', 'cd /data && ./run.sh > result'],
      input: { mount: '/data', name: 'input.apk', maxBytes: 50_000_000 },
      user: '1000:1000',
      timeLimit: 240,
      concurrency: 2,
      network: 'none',
      resources: { memory: 2 ** 30 },
    },
  });
});

// In the legacy system an engine that left no result, or an empty one, had succeeded.
test('a missing or empty result fails the job, and only `result` is collected', () => {
  expect(manifestOf({}).output).toMatchObject({
    mount: '/data',
    result: 'result',
    missing: 'fail',
    empty: 'fail',
    artifacts: [],
  });
});

test('keys are case-insensitive', () => {
  const shouted = Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [key.toUpperCase(), value]),
  );
  expect(convertLegacyEngine(shouted)).toEqual(convertLegacyEngine(entry));
  expect(refusal({ NAME: 'twice' })).toContain('name: is used twice');
});

test('differences are listed in the description', () => {
  const { manifest, enabled } = convertLegacyEngine({
    ...entry,
    timeout: 0,
    workers: 0,
    user: undefined,
  });
  expect(manifest.description).toContain('no time limit; now 10m');
  expect(manifest.description).toContain('ran as root; now as 65532:65532');
  expect(manifest.description).toContain('disabled');
  expect(enabled).toBe(false);
  expect(manifest.concurrency).toBeUndefined();
  expect(manifestOf({ user: 0 })).toMatchObject({ user: '0:0' });
});

test.each<[string, unknown, Record<string, unknown>]>([
  ['memory, attached', ['-m512m'], { resources: { memory: 512 * 2 ** 20 } }],
  ['memory, next word', ['--memory', '1.5g'], { resources: { memory: 1.5 * 2 ** 30 } }],
  ['memory, one element', ['-m 512m'], { resources: { memory: 512 * 2 ** 20 } }],
  [
    'memory and equal swap',
    '--memory=512m --memory-swap=512m',
    { resources: { memory: 512 * 2 ** 20 } },
  ],
  ['cpus', ['--cpus=1.5'], { resources: { cpus: 1.5 } }],
  ['quota', ['--cpu-quota=50000'], { resources: { cpus: 0.5 } }],
  ['quota and period', '--cpu-quota 25000 --cpu-period 50000', { resources: { cpus: 0.5 } }],
  ['pids', ['--pids-limit', '64'], { resources: { pids: 64 } }],
  ['no network', ['--net=none'], { network: 'none' }],
  ['a network', ['--network', 'lab'], { network: 'lab' }],
  ['environment', ['-e', 'A=b c', '--env=D=e=f'], { environment: { A: 'b c', D: 'e=f' } }],
  [
    'a quoted string',
    `-e 'A=it is' --env "B=\\"x\\"" -w /work`,
    { environment: { A: 'it is', B: '"x"' }, workdir: '/work' },
  ],
  ['open files', ['--ulimit', 'nofile=1024:2048'], { resources: { openFiles: 2048 } }],
  ['runtime', ['--runtime=runsc'], { runtime: 'runsc' }],
  ['user wins', ['-u', '7:8'], { user: '7:8' }],
  ['tmpfs', ['--tmpfs', '/tmp:rw,size=32m'], { resources: { tmp: 32 * 2 ** 20 } }],
  ['disk', ['--storage-opt', 'size=2g'], { resources: { disk: 2 * 2 ** 30 } }],
  [
    'flags that are always on',
    [
      '--read-only',
      '--cap-drop=ALL',
      '--init',
      '--security-opt=no-new-privileges:true',
      '--shm-size=16m',
      '--ulimit',
      'core=0',
    ],
    { network: 'none' },
  ],
  ['nothing', '', { network: 'none' }],
])('run flags: %s', (_, runflags, expected) => {
  expect(manifestOf({ runflags })).toMatchObject(expected);
});

test.each<[unknown, string]>([
  [['--privileged'], '--privileged: is not allowed: it would weaken containment'],
  [['-v', '/:/host'], '-v: is not allowed'],
  [['-v/:/host'], '-v: is not allowed'],
  ['--volume=/var/run/docker.sock:/s', '--volume: is not allowed'],
  [['--mount', 'type=bind'], '--mount: is not allowed'],
  [['--cap-add=SYS_ADMIN'], '--cap-add: is not allowed'],
  [['--device=/dev/kvm'], '--device: is not allowed'],
  [['--pid=host'], '--pid: is not allowed'],
  [['--net=host'], '--network: host is not allowed'],
  [['--net=container:other'], '--network: container:other is not allowed'],
  [['--security-opt=seccomp=unconfined'], '--security-opt: seccomp=unconfined is not allowed'],
  [['--security-opt', 'apparmor=unconfined'], '--security-opt: apparmor=unconfined is not allowed'],
  [['--cpu-shares=512'], '--cpu-shares: is a relative weight'],
  [['--no-such-flag'], '--no-such-flag: is not a flag with a corresponding field'],
  [['--constructor'], '--constructor: is not a flag'],
  [['-m'], '-m: expected a value'],
  [['-m', 'lots'], '--memory: expected a size such as 512m, received lots'],
  [['--memory=-1'], '--memory: expected a size'],
  [['--memory-swap=2g', '--memory=1g'], '--memory-swap: expected the size of --memory'],
  [['--pids-limit=-1'], '--pids-limit: expected a number above 0'],
  [['--cpu-period=1000'], '--cpu-period: has no effect without'],
  [['--cpus=1', '--cpu-quota=5'], '--cpu-quota: contradicts --cpus'],
  [['-e', 'HOME'], '--env: expected NAME=value'],
  [['-u', 'root'], '--user: expected a numeric uid'],
  [['--read-only=false'], '--read-only: cannot be switched off'],
  [['--shm-size=1g'], '--shm-size: has no field'],
  [['--tmpfs=/run'], '--tmpfs: expected /tmp'],
  [['image-name'], 'image-name: expected a flag'],
  ['-e "open', 'a quote is not closed'],
  [['--network=bad name'], 'network: '],
])('run flags %j are refused by name', (runflags, expected) => {
  expect(refusal({ runflags })).toContain(expected);
});

test.each<[Record<string, unknown>, string]>([
  [{ name: 'result' }, 'name: is reserved for a route'],
  [{ name: 'APK_Tool' }, 'name: expected 2 to 31'],
  [{ sizelimit: 0 }, 'sizelimit: 0 refused every upload'],
  [{ sizelimit: '50' }, 'sizelimit: expected number, received string'],
  [{ cmd: '' }, 'cmd: '],
  [{ cmd: undefined }, 'cmd: '],
  [{ mountpoint: '/etc' }, 'input.mount: must not be in a system directory'],
  [{ mountpoint: 'data' }, 'input.mount: expected an absolute path'],
  [{ worker: 2 }, 'worker: unknown field; did you mean workers?'],
  [{ user: -1 }, 'user: '],
  [{ timeout: 10_000_000 }, 'timeLimit: '],
  [{ inputfilename: '../x' }, 'input.name: expected a file name'],
])('%j is refused with its field', (change, expected) => {
  expect(refusal(change)).toContain(expected);
});

test('words are split like in a shell', () => {
  expect(splitShellWords(`a 'b c' "d\\"e" f\\ g '' h""i`)).toEqual([
    'a',
    'b c',
    'd"e',
    'f g',
    '',
    'hi',
  ]);
  expect(splitShellWords('  ')).toEqual([]);
  expect(splitShellWords(`'`)).toBeUndefined();
});
