import { describe, expect, test } from 'vitest';

import { containerConfig, formatLabels } from './profile.ts';
import type { ContainerSpec } from './profile.ts';
import strict from './seccomp-strict.json' with { type: 'json' };

const spec: ContainerSpec = {
  image: `sha256:${'a'.repeat(64)}`,
  environment: { A: 'b', EMPTY: '' },
  user: { uid: 1_000, gid: 1_001 },
  inputMount: '/in',
  outputMount: '/out',
  resources: {
    memoryBytes: 100_000_000,
    cpus: 0.5,
    pids: 10,
    diskBytes: 5_000_000,
    tmpBytes: 1_000_000,
    openFiles: 99,
    logBytes: 1_000_000,
  },
  stopGraceMs: 1_500,
  network: 'none',
  seccomp: 'default',
  labels: { instance: 'i', attempt: 'a', job: 'j' },
};

describe('the create body', () => {
  test('has no swap, and a grace period in whole seconds', () => {
    const body = containerConfig(spec, { storageQuota: false });
    expect(body.HostConfig).toMatchObject({ Memory: 100_000_000, MemorySwap: 100_000_000 });
    expect(body).toMatchObject({ StopTimeout: 2, User: '1000:1001', Env: ['A=b', 'EMPTY='] });
    expect(body.HostConfig).not.toHaveProperty('StorageOpt');
    expect(body.HostConfig).not.toHaveProperty('Runtime');
  });

  test('replaces the image command by the complete argument list, or keeps it', () => {
    const features = { storageQuota: false };
    const body = containerConfig({ ...spec, command: ['/a', 'b c'] }, features);
    expect(body).toMatchObject({ Entrypoint: ['/a'], Cmd: ['b c'] });
    expect(containerConfig(spec, features)).not.toHaveProperty('Entrypoint');
  });

  test('has one volume when both directories are equal, and it is an output', () => {
    const shared = { ...spec, inputMount: '/data', outputMount: '/data' };
    const { Mounts } = containerConfig(shared, { storageQuota: false }).HostConfig;
    expect(Mounts).toMatchObject([
      { Target: '/data', VolumeOptions: { NoCopy: true, Labels: { 'io.lazaret.role': 'output' } } },
    ]);
  });

  test('limits the writable layer if the engine supports it, and sets runtime and seccomp', () => {
    const chosen = { ...spec, runtime: 'runsc', seccomp: 'strict' as const, workdir: '/work' };
    const body = containerConfig(chosen, { storageQuota: true });
    expect(body.HostConfig).toMatchObject({ Runtime: 'runsc', StorageOpt: { size: '5000000' } });
    expect(body.HostConfig['SecurityOpt']).toEqual([
      'no-new-privileges:true',
      `seccomp=${JSON.stringify(strict)}`,
    ]);
    expect(body).toMatchObject({ WorkingDir: '/work' });
  });

  test('never changes its input', () => {
    const frozen = Object.freeze({ ...spec, labels: Object.freeze({ ...spec.labels }) });
    const features = { storageQuota: false };
    expect(containerConfig(frozen, features)).toEqual(containerConfig(spec, features));
    expect(formatLabels({ instance: 'x' })).toEqual({ 'io.lazaret.instance': 'x' });
  });
});

describe('the strict seccomp profile', () => {
  const allowed = new Set(
    strict.syscalls
      .filter(({ action }) => action === 'SCMP_ACT_ALLOW')
      .flatMap(({ names }) => names),
  );

  test('refuses everything that it does not list', () => {
    expect(strict).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
    expect(strict.archMap.flatMap(({ subArchitectures }) => subArchitectures)).toEqual([]);
  });

  const never = [
    'add_key keyctl request_key bpf perf_event_open userfaultfd io_uring_setup',
    'io_uring_enter io_uring_register unshare setns clone3 mount umount umount2 pivot_root',
    'move_mount open_tree fsopen fspick fsconfig fsmount mount_setattr chroot ptrace',
    'process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp kexec_load',
    'init_module finit_module delete_module reboot swapon swapoff acct settimeofday',
    'clock_settime adjtimex sethostname setdomainname iopl ioperm syslog quotactl',
    'nfsservctl vhangup modify_ldt name_to_handle_at open_by_handle_at fanotify_init',
    'lookup_dcookie uselib ustat vm86',
  ].join(' ');
  test.each(never.split(' '))('does not allow %s', (name) => {
    expect(allowed.has(name)).toBe(false);
  });

  test('allows clone, personality and socket by their arguments only', () => {
    for (const name of ['clone', 'personality', 'socket']) {
      const rules = strict.syscalls.filter(({ names }) => names.includes(name));
      expect(rules.length).toBeGreaterThan(0);
      for (const rule of rules) expect(rule.args?.length).toBe(1);
    }
  });
});
