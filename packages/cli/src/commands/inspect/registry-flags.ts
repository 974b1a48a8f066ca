/** Flags about registries: hosts, mirrors and rate limits. */
import type { RateWindow, RegistryRates, RegistryRequest } from '@lazaret/analysis';
import { parseDuration } from '@lazaret/protocol';
import { ociLimits } from '@lazaret/oci';

import { flagList, flagText, type Flags } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { attributeOf } from '../../command/flag-names.ts';

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

const expectedForms: Readonly<Record<string, string>> = {
  mirror: 'host=mirror',
  'registry-rate': 'host=number/period',
};

function checkHost(text: string, name: string): string {
  if (hostName.test(text)) return text;
  const form = expectedForms[name] ?? 'host[:port]';
  throw usageFailure(`--${name}: expected ${form}, received ${JSON.stringify(text)}`, {
    hint: 'Give the host without https:// and without a path.',
  });
}

/** Rate limits by host; `*` for every registry, also with the legacy flags. */
export function readRates(flags: Flags): RegistryRates {
  const rates = new Map<string, readonly RateWindow[]>();
  const add = (host: string, windows: readonly RateWindow[]): void => {
    const all = [...(rates.get(host) ?? []), ...windows];
    if (all.length > ociLimits.registryRateWindows) {
      const subject = host === '*' ? 'every registry' : host;
      throw usageFailure(
        `--registry-rate: more than ${ociLimits.registryRateWindows} rates for ${subject}`,
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
  if (isValidWindow(window)) return window;
  throw usageFailure(`--registry-rate: expected number/period, received ${JSON.stringify(text)}`, {
    hint: 'For example 100/6h, or docker.io=90/6h,20/1m. A period is at most a week.',
  });
}

interface WindowNames {
  readonly requests: 'maxreq' | 'maxreq2';
  readonly period: 'timeper' | 'timeper2';
  readonly usual: string;
}

/** None if the number is 0, the default. */
function readPredecessorWindow(flags: Flags, names: WindowNames): readonly RateWindow[] {
  const requests = Number(flagText(flags, names.requests) ?? '0');
  const periodMs = parseDuration(flagText(flags, names.period) ?? names.usual) ?? 0;
  if (requests === 0) return [];
  const window = { requests, periodMs };
  if (isValidWindow(window)) return [window];
  throw usageFailure(`--${names.requests}, --${names.period}: expected a number and a period`, {
    hint: 'Use --registry-rate instead, e.g. --registry-rate 100/6h.',
  });
}

function isValidWindow({ requests, periodMs }: RateWindow): boolean {
  const { registryRateRequests, registryRatePeriodMs } = ociLimits;
  const counts = Number.isInteger(requests) && requests >= 1 && requests <= registryRateRequests;
  return counts && periodMs >= 1 && periodMs <= registryRatePeriodMs;
}
