/** Flags about registries that name hosts. */
import type { RateWindow, RegistryRates, RegistryRequest } from '@lazaret/analysis';
import { limits, parseDuration } from '@lazaret/protocol';

import { flagList, flagText, type Flags } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { attributeOf } from '../flag-names.ts';

const hostName = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?$/i;

export function readHosts(flags: Flags, name: string): readonly string[] {
  return flagList(flags, attributeOf(name)).map((text) => checkHost(text, name));
}

export function readMirrors(flags: Flags): RegistryRequest['mirrors'] {
  const mirrors = new Map<string, readonly string[]>();
  for (const text of flagList(flags, 'mirror')) {
    const [host = '', mirror = ''] = text.split('=', 2);
    checkHost(host, 'mirror');
    mirrors.set(host, [...(mirrors.get(host) ?? []), checkHost(mirror, 'mirror')]);
  }
  return Object.fromEntries(mirrors);
}

const forms: Readonly<Record<string, string>> = {
  mirror: 'host=mirror',
  'registry-rate': 'host=number/period',
};

function checkHost(text: string, name: string): string {
  if (hostName.test(text)) return text;
  const form = forms[name] ?? 'host[:port]';
  throw usageFailure(`--${name}: expected ${form}, received ${JSON.stringify(text)}`, {
    hint: 'A host stands without https:// and without a path.',
  });
}

/** By host; `*` for what is said of no host, and by the predecessor's names. */
export function readRates(flags: Flags): RegistryRates {
  const rates = new Map<string, readonly RateWindow[]>();
  const add = (host: string, windows: readonly RateWindow[]): void => {
    const all = [...(rates.get(host) ?? []), ...windows];
    if (all.length > limits.registryRateWindows) {
      const most = `more than ${limits.registryRateWindows} rates`;
      throw usageFailure(
        `--registry-rate: ${host === '*' ? 'registries have' : `${host} has`} ${most}`,
      );
    }
    if (all.length > 0) rates.set(host, all);
  };
  for (const text of flagList(flags, 'registryRate')) {
    const equals = text.lastIndexOf('=');
    const host = equals < 0 ? '*' : checkHost(text.slice(0, equals), 'registry-rate');
    add(
      host,
      text
        .slice(equals + 1)
        .split(',')
        .map(readWindow),
    );
  }
  add('*', readPredecessorWindow(flags, { requests: 'maxreq', period: 'timeper', usual: '10m' }));
  add('*', readPredecessorWindow(flags, { requests: 'maxreq2', period: 'timeper2', usual: '24h' }));
  return Object.fromEntries(rates);
}

function readWindow(text: string): RateWindow {
  const [, number = '', period = ''] = /^\s*(\d{1,9})\s*\/\s*(\S+)\s*$/.exec(text) ?? [];
  const window = { requests: Number(number), periodMs: parseDuration(period) ?? 0 };
  if (isKeepable(window)) return window;
  throw usageFailure(`--registry-rate: expected number/period, received ${JSON.stringify(text)}`, {
    hint: 'For example 100/6h, or docker.io=90/6h,20/1m. A period is at most a week.',
  });
}

interface WindowNames {
  readonly requests: 'maxreq' | 'maxreq2';
  readonly period: 'timeper' | 'timeper2';
  readonly usual: string;
}

/** None where the number is 0, as it is unless it is given. */
function readPredecessorWindow(flags: Flags, names: WindowNames): readonly RateWindow[] {
  const requests = Number(flagText(flags, names.requests) ?? '0');
  const periodMs = parseDuration(flagText(flags, names.period) ?? names.usual) ?? 0;
  if (requests === 0) return [];
  const window = { requests, periodMs };
  if (isKeepable(window)) return [window];
  throw usageFailure(`--${names.requests}, --${names.period}: expected a number and a period`, {
    hint: 'The same is --registry-rate 100/6h.',
  });
}

function isKeepable({ requests, periodMs }: RateWindow): boolean {
  const { registryRateRequests, registryRatePeriodMs } = limits;
  const counts = Number.isInteger(requests) && requests >= 1 && requests <= registryRateRequests;
  return counts && periodMs >= 1 && periodMs <= registryRatePeriodMs;
}
