/** Facts about this host, read from files of the kernel and the distribution. */
import { open, stat } from 'node:fs/promises';
import { arch, hostname } from 'node:os';
import { join } from 'node:path';

import { agentLimits } from './limits.ts';

/** The facts of one host. Every text comes from the host: show it as text only. */
export interface HostFacts {
  /** The host name of the kernel, without a domain. */
  readonly name: string;
  /** `x64`, `arm64` and so on, as in Node. */
  readonly architecture: string;
  /** Such as `6.1.0-18-amd64`; undefined without procfs. */
  readonly kernel: string | undefined;
  /** Changes with every boot of the machine; containers share that of their host. */
  readonly bootId: string | undefined;
  /** Of the control groups: 2 is the unified hierarchy, 1 the older ones, undefined for neither. */
  readonly cgroupVersion: 1 | 2 | undefined;
  readonly distribution: Distribution | undefined;
}

/** From os-release(5). */
export interface Distribution {
  /** Lower case, as in `debian`. */
  readonly id: string;
  readonly versionId: string | undefined;
  /** For display, such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly title: string;
}

export interface HostPlace {
  /** Mount point of the root of the host; `/` on the host itself. */
  readonly root: string;
}

/**
 * Reads the facts of this host. Needs no privileges. A file that is missing, too large or
 * invalid makes its fact undefined and is never an error.
 */
export async function readHostFacts(place: HostPlace = { root: '/' }): Promise<HostFacts> {
  const read = (path: string): Promise<string | undefined> => readSmall(join(place.root, path));
  const [name, kernel, bootId, etc, usr] = await Promise.all([
    read('proc/sys/kernel/hostname'),
    read('proc/sys/kernel/osrelease'),
    read('proc/sys/kernel/random/boot_id'),
    read('etc/os-release'),
    read('usr/lib/os-release'),
  ]);
  const release = etc ?? usr;
  return {
    name: name ?? hostname(),
    architecture: arch(),
    kernel,
    bootId: bootId !== undefined && /^[0-9a-f-]{36}$/.test(bootId) ? bootId : undefined,
    cgroupVersion: await readCgroupVersion(join(place.root, 'sys/fs/cgroup')),
    distribution: release === undefined ? undefined : parseOsRelease(release),
  };
}

/**
 * Reads os-release(5): `NAME=value` lines with shell quoting, of which later ones win.
 *
 * @returns undefined when it has no `ID`
 */
export function parseOsRelease(text: string): Distribution | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, unquote(value));
  }
  const id = fields.get('ID');
  if (id === undefined || id === '') return undefined;
  return {
    id,
    versionId: fields.get('VERSION_ID'),
    title: fields.get('PRETTY_NAME') ?? fields.get('NAME') ?? id,
  };
}

function unquote(value: string): string {
  const [, , quoted] = /^(["'])(.*)\1$/.exec(value) ?? [];
  if (quoted === undefined) return value;
  return value.startsWith('"') ? quoted.replaceAll(/\\(["$`\\])/g, '$1') : quoted;
}

/** The unified hierarchy has this file in its root; the older ones are directories. */
async function readCgroupVersion(directory: string): Promise<1 | 2 | undefined> {
  if (await exists(join(directory, 'cgroup.controllers'))) return 2;
  return (await exists(join(directory, 'memory'))) ? 1 : undefined;
}

/** Files of procfs have a size of 0; one byte above the limit detects files that are too large. */
async function readSmall(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const bytes = Buffer.alloc(agentLimits.hostFileBytes + 1);
    const { bytesRead } = await file.read(bytes);
    return bytesRead > agentLimits.hostFileBytes
      ? undefined
      : bytes.toString('utf8', 0, bytesRead).trim();
  } catch {
    // A host without this file does not have the fact.
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
