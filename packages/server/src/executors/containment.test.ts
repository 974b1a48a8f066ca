/** Each property of the containment profile, tested from inside a container. */
import { arch } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createDockerExecutor } from './docker.ts';
import type { Executor, InputFile } from './executor.ts';
import { createProbeImage, dockerAddress } from './testing/probe-image.ts';
import type { ProbeImage } from './testing/probe-image.ts';
import type { ContainerSpec } from './profile.ts';

let image: ProbeImage;
let executor: Executor;
beforeAll(async () => {
  image = await createProbeImage();
  executor = createDockerExecutor({ address: dockerAddress, now: Date.now });
});
afterAll(async () => {
  await image.remove();
  await executor.close();
});

const root = { user: { uid: 0, gid: 0 } };
const users = [
  ['an ordinary user', {}],
  ['root', root],
] as const;

const standardDevices =
  'core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ');

/** Runs a contained shell line and returns its output. */
async function probe(shell: string, changes: Partial<ContainerSpec> = {}): Promise<string> {
  return (await run(image.spec(shell, changes))).log;
}

async function run(spec: ContainerSpec): Promise<{ log: string; exitCode: number }> {
  const { containerId, mismatches } = await executor.create(spec);
  expect(mismatches).toEqual([]);
  const sample = Buffer.from('sample');
  const files: InputFile[] = [
    {
      name: 'sample',
      sizeBytes: sample.length,
      content: (async function* () {
        yield sample;
      })(),
    },
  ];
  await executor.putInputs(containerId, { spec, files });
  await executor.start(containerId);
  const { exitCode } = await executor.wait(containerId);
  const chunks: Uint8Array[] = [];
  await executor.followLogs(containerId, { onChunk: ({ bytes }) => void chunks.push(bytes) });
  await executor.remove(containerId);
  return { log: Buffer.concat(chunks).toString('utf8'), exitCode };
}

/** Prints `open` for each line that succeeds; anything that works is a breach. */
function attempts(...lines: string[]): string {
  return lines
    .map((line) => `(${line}) 2>/dev/null && echo 'open: ${line.replaceAll("'", '')}'`)
    .join('\n');
}

describe.each(users)('%s', (_, user) => {
  test.each(['default', 'strict'] as const)('has no privileges, seccomp %s', async (seccomp) => {
    const status = await probe('cat /proc/self/status', { ...user, seccomp });
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, 'm'));
    }
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(status).toMatch(/^Groups:\s+(0|65532)?\s*$/m);
  });

  test('can only write to its own directories', async () => {
    const log = await probe(
      [
        attempts(
          'echo x > /file',
          'mkdir /directory',
          'echo x >> /etc/passwd',
          'echo x > /etc/hosts',
          'echo x > /etc/resolv.conf',
          'echo 1 > /proc/sys/kernel/panic',
          'echo x > /proc/sys/kernel/core_pattern',
          'echo b > /proc/sysrq-trigger',
          'echo x > /proc/1/oom_score_adj',
          'echo 0 > /sys/kernel/mm/transparent_hugepage/enabled',
          'echo x > /sys/kernel/uevent_helper',
          'mkdir /sys/fs/cgroup/memory/mine',
          'mkdir /sys/fs/cgroup/mine',
          'echo x > /sbin/docker-init',
        ),
        'echo x > /tmp/file && echo x > /out/file && echo own directories',
      ].join('\n'),
      user,
    );
    expect(log.trim()).toBe('own directories');
  });

  test('cannot change its inputs', async () => {
    const log = await probe(
      [
        attempts(
          'echo x >> /in/sample',
          'echo x > /in/other',
          'chmod 777 /in',
          'chmod 777 /in/sample',
          'rm -f /in/sample',
          'ln -f /in/sample /in/link',
          'busybox mv /in/sample /in/moved',
          'busybox chown 0:0 /in/sample',
        ),
        'cat /in/sample',
      ].join('\n'),
      user,
    );
    expect(log.trim()).toBe('sample');
  });

  test('can neither mount, nor make devices or namespaces, nor trace', async () => {
    const log = await probe(
      attempts(
        'mount -t tmpfs none /tmp',
        'mount -o remount,rw /',
        'mount -t proc none /tmp',
        'mknod /tmp/disk b 8 0',
        'mknod /out/null c 1 3',
        'unshare -U true',
        'unshare -m true',
        'unshare -n true',
        'busybox chroot / /bin/true',
        'busybox hostname other',
        'busybox dmesg',
        'busybox swapoff -a',
        'busybox date -s 2020-01-01 >&2; [ $(busybox date +%Y) = 2020 ]',
      ),
      user,
    );
    expect(log).toBe('');
  });

  test('sees nothing of the host', async () => {
    const script = [
      'busybox hostname',
      'for p in /proc/[0-9]*; do cat $p/comm; done | busybox sort -u | busybox tr "\\n" " "',
      'echo',
      'ls /run/docker.sock /var/run/docker.sock 2>/dev/null',
      'cat /proc/self/cgroup | busybox cut -d: -f3 | busybox sort -u',
      'cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | head -c 10',
      'ls /sys/firmware /proc/acpi /proc/scsi 2>/dev/null | grep -v ":$" | grep .',
      'ls /dev | busybox tr "\\n" " "',
    ].join('\n');
    const lines = (await probe(script, user)).trim().split('\n');
    expect(lines[0]).toBe('engine');
    expect(lines[1]?.trim().split(' ').sort()).toEqual(
      ['busybox', 'cat', 'docker-init', 'sh'].filter((name) => lines[1]?.includes(name)),
    );
    expect(lines[1]).toContain('docker-init');
    expect(lines[2]).toBe('/');
    expect(
      lines[3]
        ?.trim()
        .split(' ')
        .filter((name) => !standardDevices.includes(name)),
    ).toEqual([]);
    expect(lines).toHaveLength(4);
  });
});

describe('the network', () => {
  test('is unavailable', async () => {
    const unreachable = ['1.1.1.1', '172.17.0.1', '169.254.169.254', '192.168.0.1'].map((host) => {
      const address = `pack("S n C4 x8", 2, 80, ${host.replaceAll('.', ', ')})`;
      return `socket(S, 2, 1, 0); print connect(S, ${address}) ? "open" : $! + 0, "\\n";`;
    });
    const log = await probe(`ls /sys/class/net; perl -e '${unreachable.join(' ')}'`);
    expect(log).toBe('lo\n101\n101\n101\n101\n');
  });
});

describe('limits', () => {
  test('of files and cores', async () => {
    expect(await probe('ulimit -n; ulimit -c; ulimit -f')).toBe('64\n0\n16384\n');
    const opened = 'my $n = 0; while (open(my $f, "<", "/dev/null")) { $k{$n++} = $f } print $n';
    expect(Number(await probe(`perl -e '${opened}'`))).toBeLessThan(64);
  });

  test('of a single file', async () => {
    const script = 'head -c 20000000 /dev/zero > /out/file; stat -c %s /out/file';
    expect(await probe(script)).toContain('8388608\n');
  });

  test('of /tmp, where nothing can be executed', async () => {
    const script = [
      'head -c 20000000 /dev/zero > /tmp/file; stat -c %s /tmp/file; rm /tmp/file',
      'busybox cp /bin/busybox /tmp/busybox && /tmp/busybox true || echo refused',
      'grep " /tmp " /proc/mounts',
    ].join('\n');
    const log = await probe(script);
    expect(log).toContain('4194304\n');
    expect(log).toContain('refused\n');
    expect(log).toMatch(/tmpfs \/tmp tmpfs rw,nosuid,nodev,noexec/);
  });

  test('of /dev/shm', async () => {
    const script =
      'head -c 40000000 /dev/zero > /dev/shm/file 2>/dev/null; stat -c %s /dev/shm/file';
    const resources = { ...image.spec('').resources, diskBytes: 1e9 };
    expect(await probe(script, { resources })).toBe('16777216\n');
  });

  test('of processes: a fork bomb is contained', async () => {
    const bomb = 'my $n = 0; while (defined(my $p = fork)) { if (!$p) { sleep 60 } $n++ } print $n';
    const log = await probe(`perl -e '${bomb}'; kill -9 -1`);
    expect(Number.parseInt(log, 10)).toBeLessThan(32);
  });

  test('of memory, without any swap', async () => {
    const script = 'my $x = "x" x 10_000_000; my @l; while (1) { push @l, $x . @l }';
    const spec = image.spec(`perl -e '${script}'`);
    const { exitCode } = await run(spec);
    expect(exitCode).toBe(137);
  });

  test('of the log: a flood stays within a small multiple', async () => {
    const resources = { ...image.spec('').resources, logBytes: 65_536 };
    const line = 'x'.repeat(99);
    const spec = image.spec(`busybox yes ${line} | head -n 100000`, { resources });
    const { log } = await run(spec);
    expect(log.length).toBeGreaterThan(65_536 / 2);
    expect(log.length).toBeLessThan(65_536 * 4);
  });
});

describe('the strict seccomp profile', () => {
  type Call = readonly [name: string, x64: number, arm64: number, ...words: (number | string)[]];
  const forbidden: readonly Call[] = [
    ['add_key', 248, 217, 0, 0, 0, 0, 0],
    ['request_key', 249, 218, 0, 0, 0, 0],
    ['keyctl', 250, 219, 0, 0, 0, 0, 0],
    ['bpf', 321, 280, 0, 0, 0],
    ['perf_event_open', 298, 241, 0, 0, 0, 0, 0],
    ['userfaultfd', 323, 282, 0],
    ['io_uring_setup', 425, 425, 8, 0],
    ['io_uring_enter', 426, 426, 0, 0, 0, 0, 0],
    ['io_uring_register', 427, 427, 0, 0, 0, 0],
    ['unshare', 272, 97, 0x1000_0000],
    ['setns', 308, 268, 0, 0],
    ['clone with a new user namespace', 56, 220, 0x1000_0011, 0, 0, 0, 0],
    ['clone with a new network', 56, 220, 0x4000_0011, 0, 0, 0, 0],
    ['mount', 165, 40, 0, 0, 0, 0, 0],
    ['umount2', 166, 39, 0, 0],
    ['pivot_root', 155, 41, 0, 0],
    ['open_tree', 428, 428, 0, 0, 0],
    ['move_mount', 429, 429, 0, 0, 0, 0, 0],
    ['fsopen', 430, 430, 0, 0],
    ['fsmount', 432, 432, 0, 0, 0],
    ['mount_setattr', 442, 442, 0, 0, 0, 0, 0],
    ['ptrace', 101, 117, 0, 0, 0, 0],
    ['process_vm_readv', 310, 270, 1, 0, 0, 0, 0, 0],
    ['process_vm_writev', 311, 271, 1, 0, 0, 0, 0, 0],
    ['process_madvise', 440, 440, 0, 0, 0, 0, 0],
    ['pidfd_getfd', 438, 438, 0, 0, 0],
    ['kcmp', 312, 272, 1, 1, 0, 0, 0],
    ['personality, changed', 135, 92, 0x0004_0000],
    ['name_to_handle_at', 303, 264, 0, 0, 0, 0, 0],
    ['open_by_handle_at', 304, 265, 0, 0, 0],
    ['socket of the kernel crypto', 41, 198, 38, 5, 0],
    ['socket of a virtual machine', 41, 198, 40, 1, 0],
    ['socket of packets', 41, 198, 17, 3, 0],
    ['kexec_load', 246, 104, 0, 0, 0, 0],
    ['init_module', 175, 105, 0, 0, 0],
    ['reboot', 169, 142, 0, 0, 0, 0],
    ['quotactl', 179, 60, 0, 0, 0, 0],
    ['memfd_secret', 447, 447, 0],
  ];

  function calls(list: readonly Call[]): string {
    const lines = list.map(([name, x64, arm64, ...words]) => {
      const number = arch() === 'arm64' ? arm64 : x64;
      const call = `syscall(${[number, ...words].join(', ')})`;
      return `my $r = ${call}; print "${name}: ", ($r < 0 ? $! + 0 : "done"), "\\n";`;
    });
    return `perl -e '${lines.map((line) => `{ ${line} }`).join('\n')}'`;
  }

  test('refuses what an analyzer never needs', async () => {
    const log = await probe(calls(forbidden), { ...root, seccomp: 'strict' });
    const refused = forbidden.map(([name]) => `${name}: 1`);
    expect(log.trim().split('\n')).toEqual(refused);
  });

  test('reports clone3 as unsupported, so that libraries fall back', async () => {
    const log = await probe(calls([['clone3', 435, 435, 0, 0]]), { seccomp: 'strict' });
    expect(log).toBe('clone3: 38\n');
  });

  test('lets shells and interpreters work', async () => {
    const perl = [
      'pipe(my $r, my $w); my $p = fork // die;',
      'if (!$p) { close $r; print $w "child"; exit 3 }',
      'close $w; print <$r>, "\\n"; waitpid $p, 0; print $? >> 8, "\\n";',
      'open(my $f, ">", "/out/x") or die; print $f "x" x 100; close $f;',
      'rename "/out/x", "/out/y" or die;',
      'socket(my $s, 1, 1, 0) or die; socket($s, 2, 1, 0) or die; chmod 0600, "/out/y" or die;',
      'local $SIG{ALRM} = sub { print "alarm\\n" }; alarm 1; select undef, undef, undef, 5;',
      'opendir(my $d, "/out"); print join(",", grep { !/^\\./ } readdir $d), "\\n";',
      'symlink "y", "/out/z" or die;',
    ].join(' ');
    const shell = `echo $(ls /in | head -n 1) | cat; sleep 0.1 & wait $!; perl -e '${perl}'`;
    const { log, exitCode } = await run(image.spec(shell, { seccomp: 'strict' }));
    expect(log).toBe('sample\nchild\n3\nalarm\ny\n');
    expect(exitCode).toBe(0);
  });
});
