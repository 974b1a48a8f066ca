/** Flags about registries: hosts, credentials, mirrors and rate limits. */
import { join } from 'node:path';

import type { RegistryRequest } from '@lazaret/analysis';
import {
  limits,
  rateWindow,
  registryHost,
  type RateWindow,
  type RegistrySettings,
} from '@lazaret/protocol';

import { flagList, flagText, type Flags } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { attributeOf } from '../../command/flag-names.ts';
import type { Environment } from '../../environment.ts';
import { readPaths } from './scanner-flags.ts';

/** The settings of the file, each replaced by its flag when that is given. */
export function readRegistry(
  flags: Flags,
  environment: Environment,
  file: RegistrySettings,
): RegistryRequest {
  const given = {
    plainHttp: readHosts(flags, 'plain-http'),
    skipVerify: readHosts(flags, 'insecure-registry'),
    caFiles: readPaths(flags, 'ca'),
    foreign: readHosts(flags, 'foreign-host'),
    private: readHosts(flags, 'private-host'),
    mirrors: readMirrors(flags),
    rates: readRates(flags),
  };
  // Whether unlisted registries are allowed is about the callers of a server.
  const { public: _, credentialHelpers, ...settings } = file;
  return {
    ...settings,
    ...Object.fromEntries(
      Object.entries(given).filter(([, value]) => Object.keys(value).length > 0),
    ),
    ...credentialsOf(flags, environment, file),
    helperEnvironment: { ...environment.helperEnvironment, ...credentialHelpers?.environment },
    privateHostsSetting: '--private-host',
    proxy: environment.proxy,
  };
}

/** The given file, those of the settings, or those of docker, podman and skopeo on this machine. */
function credentialsOf(
  flags: Flags,
  environment: Environment,
  { credentialsFile, containersAuth, pullSecrets }: RegistrySettings,
): Partial<RegistryRequest> {
  const [named] = readPaths(flags, 'credentials');
  if (named !== undefined) {
    return { credentialsFile: named, containersAuth: [], pullSecrets: [] };
  }
  if (credentialsFile !== undefined || containersAuth.length + pullSecrets.length > 0) return {};
  return {
    credentialsFile: join(environment.dockerConfiguration, 'config.json'),
    containersAuth: [...environment.containersAuth],
    dockercfg: environment.dockercfg,
  };
}

function readHosts(flags: Flags, name: string): string[] {
  return flagList(flags, attributeOf(name)).map((text) => checkHost(text, name));
}

function readMirrors(flags: Flags): RegistrySettings['mirrors'] {
  const mirrors = new Map<string, string[]>();
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
  if (registryHost.safeParse(text).success) return text;
  const form = expectedForms[name] ?? 'host[:port]';
  throw usageFailure(`--${name}: expected ${form}, received ${JSON.stringify(text)}`, {
    hint: 'Give the host without https:// and without a path.',
  });
}

/** Rate limits by host; `*` for every registry, also with the legacy flags. */
function readRates(flags: Flags): RegistrySettings['rates'] {
  const rates = new Map<string, RateWindow[]>();
  const add = (host: string, windows: readonly RateWindow[]): void => {
    const all = [...(rates.get(host) ?? []), ...windows];
    if (all.length > limits.registryRateWindows) {
      const subject = host === '*' ? 'every registry' : host;
      throw usageFailure(
        `--registry-rate: more than ${limits.registryRateWindows} rates for ${subject}`,
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
  add('*', readLegacyWindow(flags, { requests: 'maxreq', period: 'timeper', usual: '10m' }));
  add('*', readLegacyWindow(flags, { requests: 'maxreq2', period: 'timeper2', usual: '24h' }));
  return Object.fromEntries(rates);
}

function readWindow(text: string): RateWindow {
  const [, number = '', period = ''] = /^\s*(\d{1,9})\s*\/\s*(\S+)\s*$/.exec(text) ?? [];
  const window = parseWindow(number, period);
  if (window !== undefined) return window;
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
function readLegacyWindow(flags: Flags, names: WindowNames): readonly RateWindow[] {
  const requests = flagText(flags, names.requests) ?? '0';
  if (Number(requests) === 0) return [];
  const window = parseWindow(requests, flagText(flags, names.period) ?? names.usual);
  if (window !== undefined) return [window];
  throw usageFailure(`--${names.requests}, --${names.period}: expected a number and a period`, {
    hint: 'Use --registry-rate instead, e.g. --registry-rate 100/6h.',
  });
}

function parseWindow(requests: string, period: string): RateWindow | undefined {
  return rateWindow.safeParse({ requests: Number(requests), period }).data;
}
