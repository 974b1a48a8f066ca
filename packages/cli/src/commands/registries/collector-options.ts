/**
 * The command line of Banyan Collector as settings of a watched registry: each option is mapped, or
 * not needed, or refused with the reason, so that none is dropped silently.
 */
import { limits, parseDuration } from '@lazaret/protocol';

export interface CollectorRegistry {
  readonly address: string;
  readonly kind: string;
  readonly repositories: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** Options that have no equivalent because nothing of the kind is needed. */
  readonly notes: readonly string[];
}

export interface CollectorProblem {
  readonly path: string;
  readonly message: string;
}

interface Option {
  readonly short?: string;
  /** Without a value it is a switch. */
  readonly isSwitch?: boolean;
  readonly apply: (value: string, into: Result) => void;
}

interface Result {
  readonly settings: Record<string, unknown>;
  readonly rates: Map<string, { count?: string; period?: string }>;
  readonly notes: string[];
  kind: string;
}

/** Refused: the message is the reason. */
class Refused extends Error {}

function refuse(reason: string): Pick<Option, 'apply'> {
  return {
    apply: () => {
      throw new Refused(reason);
    },
  };
}

function note(text: string): Pick<Option, 'apply'> {
  return { apply: (_, { notes }) => void notes.push(text) };
}

function rate(window: string, part: 'count' | 'period'): Pick<Option, 'apply'> {
  return {
    apply: (value, { rates }) => {
      rates.set(window, { ...rates.get(window), [part]: value });
    },
  };
}

const noFiles =
  'results are in the database; for the files, run `lazaret notifications add NAME file --directory DIR ' +
  '--layout collector --events arrival.inspected`';
const noScripts =
  'scripts are those of the server: name the directory in the option `scripts`, or use ' +
  '`lazaret scripts add`';
const noGoogle = 'use a JSON key with `docker login` and --credentials docker-config';

const options: Readonly<Record<string, Option>> = {
  filelog: { isSwitch: true, ...note('--filelog: the server logs to standard error') },
  imagelist: note('--imagelist: what was inspected is in the database'),
  repolist: {
    short: 'r',
    apply: (value, { settings }) => {
      settings['repositoryFile'] = value;
    },
  },
  removethresh: note('--removethresh: no image is pulled into a container engine'),
  maximages: {
    apply: (value, { settings }) => {
      const count = readCount(value);
      settings['backlog'] = count === 0 ? limits.registryBacklogMax : count;
    },
  },
  poll: {
    short: 'p',
    apply: (value, { settings }) => {
      settings['pollInterval'] = Math.max(1, readCount(value));
    },
  },
  dockerproto: note('--dockerproto: the container engine is that of the setting dockerHost'),
  dockeraddr: note('--dockeraddr: the container engine is that of the setting dockerHost'),
  maxreq: rate('first', 'count'),
  timeper: rate('first', 'period'),
  maxreq2: rate('second', 'count'),
  timeper2: rate('second', 'period'),
  registryhttps: {
    isSwitch: true,
    apply: (value, { settings }) => {
      settings['plainHttp'] = !readSwitch(value);
    },
  },
  registryauth: {
    isSwitch: true,
    apply: (value, { settings }) => {
      settings['credentials'] = readSwitch(value) ? 'docker-config' : 'none';
    },
  },
  registryproto: {
    apply: (value, result) => {
      if (value === 'v1') throw new Refused('the first registry API is no longer supported');
      if (!['v2', 'quay'].includes(value)) throw new Refused('expected v2 or quay');
      result.kind = value === 'quay' ? 'quay' : 'distribution';
    },
  },
  registrytlsnoverify: {
    isSwitch: true,
    apply: (value, { settings }) => {
      settings['skipVerify'] = readSwitch(value);
    },
  },
  registrytokenauthv1: { isSwitch: true, ...refuse('the index of Docker Hub no longer exists') },
  userscriptstore: { short: 'u', ...refuse(noScripts) },
  banyanoutdir: refuse(noFiles),
  dests: { short: 'd', ...refuse(noFiles) },
  'gce-metadata': { isSwitch: true, ...refuse(noGoogle) },
  'gce-key-file': refuse(noGoogle),
  registrytokenauth: { isSwitch: true, ...refuse('tokens are used whenever a registry asks') },
};

/** Everything that is wrong at once, or the registry. */
export function readCollectorOptions(
  argv: readonly string[],
): CollectorRegistry | { readonly problems: readonly CollectorProblem[] } {
  const problems: CollectorProblem[] = [];
  const result: Result = { settings: {}, rates: new Map(), notes: [], kind: 'distribution' };
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (!/^--?[a-z]/.test(word)) {
      words.push(word);
      continue;
    }
    const [name = '', ...given] = word.replace(/^--?/, '').split('=');
    const option = findOption(name);
    if (option === undefined) {
      problems.push({ path: word, message: 'is not an option of Collector' });
      continue;
    }
    const inline = given.length > 0 ? given.join('=') : undefined;
    const value = inline ?? (option.isSwitch === true ? 'true' : argv[(at += 1)]);
    collect(word, problems, () => {
      if (value === undefined) throw new Refused('expected a value after it');
      option.apply(value, result);
    });
  }
  const [registry, ...repositories] = words;
  if (registry === undefined) {
    problems.push({ path: 'REGISTRY', message: 'expected the host of a registry, or local.host' });
  }
  collect('--timeper', problems, () => addRates(result));
  if (registry === undefined || problems.length > 0) return { problems };
  return describeRegistry(registry, repositories, result);
}

function findOption(name: string): Option | undefined {
  if (Object.hasOwn(options, name)) return options[name];
  return Object.values(options).find(({ short }) => short === name);
}

function collect(path: string, problems: CollectorProblem[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    problems.push({ path, message: error.message });
  }
}

const defaultPeriods: Readonly<Record<string, string>> = { first: '10m', second: '24h' };

/** A rate of 0 requests means none. */
function addRates({ rates, settings }: Result): void {
  const found = [...rates].flatMap(([window, { count = '0', period }]) => {
    const requests = readCount(count);
    const text = period ?? defaultPeriods[window] ?? '';
    const periodMs = readGoDuration(text);
    if (periodMs === undefined) throw new Refused(`expected a duration such as 10m, got ${text}`);
    return requests === 0 ? [] : [`${requests}/${periodMs / 1_000}s`];
  });
  if (found.length > 0) settings['rates'] = found;
}

/** `1h30m`. */
function readGoDuration(text: string): number | undefined {
  const parts = text.match(/\d+(?:\.\d+)?(?:ms|[smh])/g) ?? [];
  if (parts.length === 0 || parts.join('') !== text) return undefined;
  return parts.reduce((sum, part) => sum + (parseDuration(part) ?? 0), 0);
}

function readCount(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new Refused(`expected a number, got ${JSON.stringify(text)}`);
}

function readSwitch(text: string): boolean {
  if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(text)) return true;
  if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(text)) return false;
  throw new Refused(`expected true or false, got ${JSON.stringify(text)}`);
}

function describeRegistry(
  registry: string,
  repositories: readonly string[],
  { kind, settings, notes }: Result,
): CollectorRegistry {
  const [, scheme = '', host = ''] = /^(?:(https?):\/\/)?([^/]+)\/*$/.exec(registry) ?? [];
  const address = host === '' ? registry : host;
  const isLocal = address.toLowerCase() === 'local.host';
  const isHub = /(?:^|\.)docker\.io$/i.test(address);
  const named = repositories.map((name) => name.replace(/\*$/, '**'));
  return {
    address: isLocal ? 'local' : isHub ? 'docker.io' : address,
    kind: isLocal ? 'local' : isHub ? 'docker-hub' : kind,
    // A list file alone names what is watched.
    repositories: named.length > 0 || settings['repositoryFile'] !== undefined ? named : ['**'],
    settings: { ...settings, ...(scheme === 'http' && { plainHttp: true }) },
    notes,
  };
}
