/**
 * Converts legacy `runflags`, raw flags of `docker create`, to typed fields. Flags that containment
 * sets anyway are accepted, those with a field are mapped, and all others are an error that names
 * the flag: a silently dropped limit would be worse than a refused entry.
 */
import { parseSize, Problem } from '@lazaret/protocol';

import { splitShellWords } from './split-shell-words.ts';

/** Fields of a manifest that flags can set. */
export interface FlagFields {
  resources: Record<string, number | string>;
  environment: Record<string, string>;
  user?: string;
  workdir?: string;
  network?: string;
  runtime?: string;
  stopGrace?: string;
  cpuQuota?: number;
  cpuPeriod?: number;
  memorySwapBytes?: number;
}

interface Flag {
  /** Whether it is a switch. Such flags have a value only after an equals sign. */
  readonly alone?: true;
  readonly take: (value: string, fields: FlagFields) => void;
}

/** Throws `invalid_manifest` for the first flag that cannot be converted. */
export function mapRunFlags(given: string | readonly string[]): FlagFields {
  const fields: FlagFields = { resources: {}, environment: {} };
  const words = typeof given === 'string' ? split(given) : given.flatMap(splitElement);
  for (let at = 0; at < words.length; at += 1) {
    const { name, attached } = readWord(words[at] ?? '');
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) throw refuseFlag(name);
    if (flag.alone === true) {
      flag.take(attached ?? 'true', fields);
      continue;
    }
    if (attached === undefined) at += 1;
    const value = attached ?? words[at];
    if (value === undefined) throw wrong(name, 'expected a value after it');
    flag.take(value, fields);
  }
  return settle(fields);
}

function wrong(name: string, detail: string): Problem {
  return new Problem('invalid_manifest', `runflags: ${name}: ${detail}`, {
    fields: [{ path: 'runflags', message: `${name}: ${detail}` }],
  });
}

function refuseFlag(name: string): Problem {
  const breaks = 'is not allowed: it would weaken containment';
  if (containment.includes(name)) return wrong(name, breaks);
  const reason = refused[name];
  return wrong(name, reason ?? 'is not a flag with a corresponding field; remove it');
}

/** Flags that reach the host, other containers, or the kernel's privileges. */
const containment = [
  ...['--privileged', '-v', '--volume', '--mount', '--volumes-from', '--volume-driver', '--device'],
  ...['--device-cgroup-rule', '--cap-add', '--pid', '--ipc', '--uts', '--userns', '--cgroupns'],
  ...['--cgroup-parent', '--group-add', '--sysctl', '--gpus', '-p', '--publish', '-P'],
  ...[
    '--publish-all',
    '--add-host',
    '--link',
    '--env-file',
    '--oom-kill-disable',
    '--oom-score-adj',
  ],
];

const refused: Readonly<Record<string, string | undefined>> = {
  '--cpu-shares': 'is a relative weight; use --cpus for a limit of CPU time',
  '-c': 'is a relative weight; use --cpus for a limit of CPU time',
  '--cpuset-cpus': 'would pin the engine to cores; use --cpus for a limit of CPU time',
  '--name': 'is not supported: Lazaret assigns unique names to containers',
  '--entrypoint': 'has no field; write the program into cmd',
  '--memory-reservation': 'has no field; --memory is reserved and enforced',
  '--log-driver': 'is not supported: Lazaret stores the log, up to resources.log',
  '--restart': 'is not supported: containers are not restarted; see retry',
  '-d': 'is not supported: Lazaret waits for the container',
  '-t': 'is not supported: there is no terminal',
};

function split(line: string): string[] {
  const words = splitShellWords(line);
  if (words === undefined) throw wrong(line.slice(0, 60), 'a quote is not closed');
  return words;
}

/** An element of a list is one word; a flag and its value in one element are two. */
function splitElement(element: string): string[] {
  return /^-{1,2}[A-Za-z-]+\s/.test(element) ? split(element) : [element];
}

/** `--name=value`, `--name`, `-m512m`, `-m=512m`, `-m`. */
function readWord(word: string): { name: string; attached: string | undefined } {
  const long = /^(--[A-Za-z][A-Za-z0-9-]*)(?:=([\s\S]*))?$/.exec(word);
  if (long?.[1] !== undefined) return { name: long[1], attached: long[2] };
  const short = /^(-[A-Za-z])=?([\s\S]*)$/.exec(word);
  if (short?.[1] !== undefined) {
    return { name: short[1], attached: short[2] === '' ? undefined : short[2] };
  }
  throw wrong(word.slice(0, 60), 'expected a flag such as --memory=512m');
}

function set(field: 'memory' | 'disk' | 'tmp', name: string): Flag {
  return {
    take: (value, { resources }) => {
      resources[field] = dockerSize(name, value);
    },
  };
}

/** Docker counts k, m and g in powers of 1024. */
function dockerSize(name: string, value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)b?$/i.exec(value.trim());
  const unit =
    { '': '', b: '', k: 'KiB', m: 'MiB', g: 'GiB' }[match?.[2]?.toLowerCase() ?? ''] ?? '';
  const bytes = match?.[1] === undefined ? undefined : parseSize(`${match[1]}${unit}`);
  if (bytes === undefined || bytes === 0) {
    throw wrong(name, `expected a size such as 512m, received ${value.slice(0, 60)}`);
  }
  return bytes;
}

function number(name: string, value: string): number {
  const parsed = Number(value);
  if (/^\d+(\.\d+)?$/.test(value.trim()) && parsed > 0) return parsed;
  throw wrong(name, `expected a number above 0, received ${value.slice(0, 60)}`);
}

/** A switch that is always on here; switching it off is refused. */
function alwaysOn(name: string): Flag {
  return {
    alone: true,
    take: (value) => {
      if (value !== 'true') throw wrong(name, 'cannot be switched off');
    },
  };
}

const memory = set('memory', '--memory');
const network: Flag = {
  take: (value, fields) => {
    if (value === 'host' || value.startsWith('container:') || value.startsWith('ns:')) {
      throw wrong('--network', `${value.slice(0, 60)} is not allowed: it would weaken containment`);
    }
    fields.network = value;
  },
};
const user: Flag = {
  take: (value, fields) => {
    if (!/^\d{1,10}(:\d{1,10})?$/.test(value)) {
      throw wrong('--user', `expected a numeric uid or uid:gid, received ${value.slice(0, 60)}`);
    }
    fields.user = value;
  },
};
const workdir: Flag = { take: (value, fields) => void (fields.workdir = value) };
const environment: Flag = {
  take: (value, fields) => {
    const equals = value.indexOf('=');
    if (equals < 1) {
      const name = value.slice(0, 60);
      throw wrong(
        '--env',
        `expected NAME=value, received ${name}: variables of the host are not passed on`,
      );
    }
    fields.environment[value.slice(0, equals)] = value.slice(equals + 1);
  },
};

const flags: Readonly<Record<string, Flag>> = {
  '-m': memory,
  '--memory': memory,
  '--memory-swap': {
    take: (value, fields) => {
      fields.memorySwapBytes = dockerSize('--memory-swap', value);
    },
  },
  '--cpus': { take: (value, { resources }) => void (resources['cpus'] = number('--cpus', value)) },
  '--cpu-quota': { take: (value, fields) => void (fields.cpuQuota = number('--cpu-quota', value)) },
  '--cpu-period': {
    take: (value, fields) => void (fields.cpuPeriod = number('--cpu-period', value)),
  },
  '--pids-limit': {
    take: (value, { resources }) => void (resources['pids'] = number('--pids-limit', value)),
  },
  '--net': network,
  '--network': network,
  '-u': user,
  '--user': user,
  '-w': workdir,
  '--workdir': workdir,
  '-e': environment,
  '--env': environment,
  '--runtime': { take: (value, fields) => void (fields.runtime = value) },
  '--stop-timeout': {
    take: (value, fields) => void (fields.stopGrace = `${number('--stop-timeout', value)}s`),
  },
  '--ulimit': { take: takeUlimit },
  '--shm-size': { take: takeSharedMemory },
  '--tmpfs': { take: takeTmpfs },
  '--storage-opt': { take: takeStorage },
  '--security-opt': { take: takeSecurity },
  // Every capability is always dropped.
  '--cap-drop': { take: () => undefined },
  '--read-only': alwaysOn('--read-only'),
  '--init': alwaysOn('--init'),
  '--rm': alwaysOn('--rm'),
};

function takeUlimit(value: string, { resources }: FlagFields): void {
  const match = /^nofile=(\d{1,9})(?::(\d{1,9}))?$/.exec(value);
  if (match !== null) resources['openFiles'] = Number(match[2] ?? match[1]);
  else if (!/^core=0(:0)?$/.test(value)) {
    throw wrong('--ulimit', `expected nofile=NUMBER, received ${value.slice(0, 60)}`);
  }
}

const sharedMemoryBytes = 64 * 1024 * 1024;

function takeSharedMemory(value: string): void {
  if (dockerSize('--shm-size', value) <= sharedMemoryBytes) return;
  throw wrong(
    '--shm-size',
    `has no field: /dev/shm has 64 MiB, ${value.slice(0, 60)} was requested`,
  );
}

function takeTmpfs(value: string, { resources }: FlagFields): void {
  const match = /^\/tmp(?::(.*))?$/.exec(value);
  if (match === null) {
    throw wrong('--tmpfs', `expected /tmp, received ${value.slice(0, 60)}: there is no other one`);
  }
  const size = /(?:^|,)size=([^,]+)/.exec(match[1] ?? '')?.[1];
  if (size !== undefined) resources['tmp'] = dockerSize('--tmpfs', size);
}

function takeStorage(value: string, { resources }: FlagFields): void {
  const size = /^size=(.+)$/.exec(value)?.[1];
  if (size === undefined) {
    throw wrong('--storage-opt', `expected size=SIZE, received ${value.slice(0, 60)}`);
  }
  resources['disk'] = dockerSize('--storage-opt', size);
}

function takeSecurity(value: string): void {
  if (/^no-new-privileges([:=]true)?$/.test(value)) return;
  const what = value.slice(0, 60);
  throw wrong('--security-opt', `${what} is not allowed; use seccomp: default or strict instead`);
}

/** Flags that are only valid together. */
function settle(fields: FlagFields): FlagFields {
  const { cpuQuota, cpuPeriod = 100_000, memorySwapBytes, resources } = fields;
  if (cpuQuota !== undefined) {
    if (resources['cpus'] !== undefined) throw wrong('--cpu-quota', 'contradicts --cpus; keep one');
    resources['cpus'] = Number((cpuQuota / cpuPeriod).toFixed(4));
  } else if (fields.cpuPeriod !== undefined) {
    throw wrong('--cpu-period', 'has no effect without --cpu-quota');
  }
  if (memorySwapBytes !== undefined && memorySwapBytes !== resources['memory']) {
    throw wrong('--memory-swap', 'expected the size of --memory: engines get no swap');
  }
  return fields;
}
