/**
 * The containment profile of every container, as the create body of the Engine API. Pure, so that
 * tests and the record of an attempt can include it. Every field that could weaken containment is
 * explicit, even if the engine has the same default: what is explicit is compared with what the
 * engine applied.
 */
import { units } from '@lazaret/protocol';

import strict from './seccomp-strict.json' with { type: 'json' };

export interface ContainerSpec {
  /** `name@sha256:...` or an image id. */
  readonly image: string;
  /** Program and arguments; those of the image unless given. */
  readonly command?: readonly string[];
  readonly workdir?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Absolute; if both are the same directory it is one writable volume. */
  readonly inputMount: string;
  /** Nothing is collected without one. */
  readonly outputMount?: string;
  /** The writable directory in memory; `/tmp` unless given. */
  readonly tmpMount?: string;
  /** Volumes that exist already, mounted read-only: mount point to name. */
  readonly sharedVolumes?: Readonly<Record<string, string>>;
  /** Whether a small init process reaps orphans; true unless given. */
  readonly init?: boolean;
  readonly resources: ContainerResources;
  readonly stopGraceMs: number;
  /** `none`, or a network that the operator allows. */
  readonly network: string;
  /** The engine's default without it. */
  readonly runtime?: string;
  readonly seccomp: 'default' | 'strict';
  readonly labels: ContainerLabels;
}

export interface ContainerResources {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  /** Largest single file; the sum over files is for the disk guard. */
  readonly diskBytes: number;
  readonly tmpBytes: number;
  readonly openFiles: number;
  readonly logBytes: number;
}

export interface ContainerLabels {
  /** The installation of the container, so that two on one engine do not interfere. */
  readonly instance: string;
  readonly attempt?: string;
  readonly job?: string;
  /** The run of a collector script. */
  readonly scriptRun?: string;
}

/** The properties of the engine that the profile depends on. */
export interface EngineFeatures {
  readonly storageQuota: boolean;
}

export const labelNames = {
  instance: 'io.lazaret.instance',
  attempt: 'io.lazaret.attempt',
  job: 'io.lazaret.job',
  scriptRun: 'io.lazaret.script-run',
  /** On volumes: `input`, `output` or `tools`; on images: `inspected`. */
  role: 'io.lazaret.role',
} as const;

/** The constants of the profile; the rest is in the spec. */
const profile = {
  /** Some runtimes store semaphores there; it counts as memory. */
  sharedMemoryBytes: 16 * units.MiB,
  /** Killed before the host's own processes when memory is exhausted. */
  oomScore: 500,
  hostname: 'engine',
  cpuNanos: 1e9,
} as const;

type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [key: string]: Value };

/** The create body: `HostConfig` and the rest, in the Engine API's own names. */
export interface CreateBody {
  readonly HostConfig: Readonly<Record<string, Value>>;
  readonly [key: string]: Value;
}

const strictSeccomp = JSON.stringify(strict);

/** The create body of a container with this spec. */
export function containerConfig(spec: ContainerSpec, features: EngineFeatures): CreateBody {
  const [program, ...commandArguments] = spec.command ?? [];
  return {
    Image: spec.image,
    ...(program === undefined ? {} : { Entrypoint: [program], Cmd: commandArguments }),
    ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    User: `${spec.user.uid}:${spec.user.gid}`,
    Hostname: profile.hostname,
    Domainname: '',
    Tty: false,
    OpenStdin: false,
    Healthcheck: { Test: ['NONE'] },
    StopTimeout: Math.ceil(spec.stopGraceMs / 1_000),
    ExposedPorts: {},
    Labels: formatLabels(spec.labels),
    HostConfig: {
      ...isolation(spec),
      ...resources(spec.resources),
      ...storage(spec, features),
      LogConfig: logging(spec.resources.logBytes),
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
      Init: spec.init ?? true,
    },
  };
}

export function formatLabels(labels: ContainerLabels): Record<string, string> {
  const formatted: Record<string, string> = {};
  for (const name of ['instance', 'attempt', 'job', 'scriptRun'] as const) {
    if (labels[name] !== undefined) formatted[labelNames[name]] = labels[name];
  }
  return formatted;
}

/** The directories of the spec that are new volumes, and their purpose. */
function mountRoles({ inputMount, outputMount }: ContainerSpec): Map<string, 'input' | 'output'> {
  const roles = new Map<string, 'input' | 'output'>([[inputMount, 'input']]);
  // Last, so that one directory for both is an output.
  if (outputMount !== undefined) roles.set(outputMount, 'output');
  return roles;
}

function isolation(spec: ContainerSpec): Record<string, Value> {
  return {
    NetworkMode: spec.network,
    PortBindings: {},
    PublishAllPorts: false,
    ExtraHosts: [],
    Links: [],
    Privileged: false,
    CapDrop: ['ALL'],
    CapAdd: [],
    GroupAdd: [],
    SecurityOpt: [
      'no-new-privileges:true',
      ...(spec.seccomp === 'strict' ? [`seccomp=${strictSeccomp}`] : []),
    ],
    IpcMode: 'private',
    CgroupnsMode: 'private',
    PidMode: '',
    UTSMode: '',
    UsernsMode: '',
    CgroupParent: '',
    Sysctls: {},
    Devices: [],
    DeviceRequests: [],
    DeviceCgroupRules: [],
    ...(spec.runtime === undefined ? {} : { Runtime: spec.runtime }),
  };
}

function resources(limits: ContainerResources): Record<string, Value> {
  const ulimit = (name: string, value: number): Value => ({ Name: name, Soft: value, Hard: value });
  return {
    Memory: limits.memoryBytes,
    // The sum of memory and swap: equal means no swap.
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * profile.cpuNanos),
    PidsLimit: limits.pids,
    OomScoreAdj: profile.oomScore,
    OomKillDisable: false,
    Ulimits: [
      ulimit('core', 0),
      ulimit('fsize', limits.diskBytes),
      ulimit('nofile', limits.openFiles),
    ],
    ShmSize: profile.sharedMemoryBytes,
  };
}

function storage(spec: ContainerSpec, features: EngineFeatures): Record<string, Value> {
  const { tmpBytes, diskBytes } = spec.resources;
  const { uid, gid } = spec.user;
  // Owned by the engine's user as well as 1777: runc before 1.2 sets the mode to that of the
  // image's own /tmp.
  const owner = `mode=1777,uid=${uid},gid=${gid}`;
  return {
    ReadonlyRootfs: true,
    Tmpfs: { [spec.tmpMount ?? '/tmp']: `rw,noexec,nosuid,nodev,size=${tmpBytes},${owner}` },
    Binds: [],
    VolumesFrom: [],
    // Without a source the engine creates a volume that is removed with the container.
    Mounts: [
      ...[...mountRoles(spec)].map(([target, role]) => ({
        Type: 'volume',
        Target: target,
        VolumeOptions: {
          NoCopy: true,
          Labels: { ...formatLabels(spec.labels), [labelNames.role]: role },
        },
      })),
      ...Object.entries(spec.sharedVolumes ?? {}).map(([target, name]) => ({
        Type: 'volume',
        Source: name,
        Target: target,
        ReadOnly: true,
        VolumeOptions: { NoCopy: true },
      })),
    ],
    ...(features.storageQuota ? { StorageOpt: { size: String(diskBytes) } } : {}),
  };
}

/** Two files of about the log limit: the driver drops the older one, so disk usage is bounded. */
function logging(logBytes: number): Value {
  const sizeKiB = Math.max(64, Math.ceil((logBytes * 1.25) / units.KiB));
  return {
    Type: 'local',
    Config: { 'max-size': `${sizeKiB}k`, 'max-file': '2', compress: 'false', mode: 'blocking' },
  };
}
