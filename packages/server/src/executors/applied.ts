/** Compares the applied configuration of a container with the requested one. Pure. */
import { z } from 'zod';

import type { CreateBody } from './profile.ts';

export interface Mismatch {
  /** Path in the Engine API, such as `HostConfig.PidsLimit`. */
  readonly field: string;
  readonly wanted: string;
  readonly got: string;
}

/** The record stored with an attempt. */
export interface AppliedContainment {
  readonly imageId: string;
  readonly runtime: string;
  readonly user: string;
  readonly network: string;
  readonly readOnlyRoot: boolean;
  readonly capabilitiesDropped: readonly string[];
  readonly capabilitiesAdded: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: 'engine-default' | 'strict' | 'unconfined';
  readonly memoryBytes: number;
  readonly memoryAndSwapBytes: number;
  readonly cpus: number;
  readonly pids: number;
  readonly openFiles: number;
  readonly fileBytes: number;
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly ipc: string;
  readonly cgroupNamespace: string;
  readonly volumes: readonly string[];
  /** Warnings of the engine at creation. */
  readonly warnings: readonly string[];
}

const texts = z.array(z.string()).nullish();
const ulimits = z
  .array(z.object({ Name: z.string(), Soft: z.number(), Hard: z.number() }))
  .nullish();

/** The part of an inspect response that is read here; the rest is only compared. */
export const inspectedContainer = z.looseObject({
  Image: z.string(),
  Config: z.looseObject({ User: z.string() }),
  HostConfig: z.looseObject({
    Runtime: z.string(),
    NetworkMode: z.string(),
    ReadonlyRootfs: z.boolean(),
    CapDrop: texts,
    CapAdd: texts,
    SecurityOpt: texts,
    Memory: z.number(),
    MemorySwap: z.number(),
    NanoCpus: z.number(),
    PidsLimit: z.number().nullish(),
    Ulimits: ulimits,
    Tmpfs: z.record(z.string(), z.string()).nullish(),
    IpcMode: z.string(),
    CgroupnsMode: z.string(),
    MaskedPaths: texts,
    ReadonlyPaths: texts,
  }),
  Mounts: z.array(
    z.looseObject({ Type: z.string(), Destination: z.string(), RW: z.boolean().nullish() }),
  ),
});
export type InspectedContainer = z.output<typeof inspectedContainer>;

/** Every field of the body that the engine changed, dropped or added. */
export function compareApplied(body: CreateBody, inspected: InspectedContainer): Mismatch[] {
  const { HostConfig: host, ...config } = body;
  const { Mounts: _, ...hostRest } = host;
  const { Image: image, ...configRest } = config;
  return [
    ...compareFields('Config', configRest, inspected.Config),
    ...compareFields('HostConfig', hostRest, inspected.HostConfig),
    ...compareImage(String(image), inspected),
    ...compareMounts(host, inspected.Mounts),
    ...compareMasks(inspected.HostConfig),
  ];
}

/** A summary of the applied configuration, for the record of the attempt. */
export function describeApplied(
  inspected: InspectedContainer,
  warnings: readonly string[],
): AppliedContainment {
  const host = inspected.HostConfig;
  const options = host.SecurityOpt ?? [];
  const limit = (name: string): number =>
    host.Ulimits?.find((ulimit) => ulimit.Name === name)?.Hard ?? -1;
  return {
    imageId: inspected.Image,
    runtime: host.Runtime,
    user: inspected.Config.User,
    network: host.NetworkMode,
    readOnlyRoot: host.ReadonlyRootfs,
    capabilitiesDropped: host.CapDrop ?? [],
    capabilitiesAdded: host.CapAdd ?? [],
    noNewPrivileges: options.some((option) => /^no-new-privileges(:true|=true)?$/.test(option)),
    seccomp: describeSeccomp(options),
    memoryBytes: host.Memory,
    memoryAndSwapBytes: host.MemorySwap,
    cpus: host.NanoCpus / 1e9,
    pids: host.PidsLimit ?? 0,
    openFiles: limit('nofile'),
    fileBytes: limit('fsize'),
    tmpfs: host.Tmpfs ?? {},
    ipc: host.IpcMode,
    cgroupNamespace: host.CgroupnsMode,
    volumes: inspected.Mounts.map((mount) => mount.Destination),
    warnings,
  };
}

function describeSeccomp(options: readonly string[]): AppliedContainment['seccomp'] {
  const option = options.find((text) => text.startsWith('seccomp'));
  if (option === undefined) return 'engine-default';
  return option.endsWith('unconfined') ? 'unconfined' : 'strict';
}

type Fields = Readonly<Record<string, unknown>>;

/** Lists without a significant order, and maps to which the image may add. */
const unordered: ReadonlySet<string> = new Set(['CapDrop', 'SecurityOpt', 'Ulimits']);
const mayGrow: ReadonlySet<string> = new Set(['Env', 'Labels', 'ExposedPorts']);

function compareFields(section: string, wanted: Fields, got: Fields): Mismatch[] {
  const mismatches: Mismatch[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const same = mayGrow.has(name)
      ? contains(got[name], value)
      : canonical(name, got[name]) === canonical(name, value);
    if (!same) mismatches.push(mismatch(`${section}.${name}`, value, got[name]));
  }
  return mismatches;
}

/** An id is compared with the running image, any other reference with the requested one. */
function compareImage(wanted: string, inspected: InspectedContainer): Mismatch[] {
  const got = wanted.startsWith('sha256:') ? inspected.Image : inspected.Config['Image'];
  return got === wanted ? [] : [mismatch('Image', wanted, got)];
}

const requestedMounts = z.object({
  Mounts: z.array(z.object({ Target: z.string(), ReadOnly: z.boolean().default(false) })).nullish(),
  Tmpfs: z.record(z.string(), z.string()).nullish(),
});

function compareMounts(host: Fields, got: InspectedContainer['Mounts']): Mismatch[] {
  const { Mounts: mounts, Tmpfs: tmpfs } = requestedMounts.parse(host);
  const expected = (mounts ?? [])
    .map(({ Target, ReadOnly }) => `volume ${Target} ${ReadOnly ? 'fixed' : 'writable'}`)
    .sort();
  // Some engines list mounts of HostConfig.Tmpfs among the mounts.
  const inMemory = new Set(Object.keys(tmpfs ?? {}).map((path) => `tmpfs ${path} writable`));
  const found = got
    .map(
      ({ Type, Destination, RW }) => `${Type} ${Destination} ${RW === true ? 'writable' : 'fixed'}`,
    )
    .filter((mount) => !inMemory.has(mount))
    .sort();
  return canonical('', expected) === canonical('', found)
    ? []
    : [mismatch('Mounts', expected, found)];
}

/** Empty lists mean that unconfined system paths were requested. */
function compareMasks(host: InspectedContainer['HostConfig']): Mismatch[] {
  return (['MaskedPaths', 'ReadonlyPaths'] as const).flatMap((name) =>
    (host[name] ?? []).length > 0
      ? []
      : [mismatch(`HostConfig.${name}`, "the engine's default", host[name])],
  );
}

function contains(got: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return wanted.every((item) => Array.isArray(got) && got.includes(item));
  }
  const found = new Map(Object.entries(got ?? {}));
  return Object.entries(wanted ?? {}).every(([key, value]) => found.get(key) === value);
}

/** A canonical text of equivalent values: absent and empty, any order of keys. */
function canonical(name: string, value: unknown): string {
  const normal = normalise(value);
  const sorted = unordered.has(name) && Array.isArray(normal) ? sortByText(normal) : normal;
  return JSON.stringify(sorted ?? null);
}

function normalise(value: unknown): unknown {
  if (value === undefined || value === null || value === '' || value === false) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(normalise);
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? null
    : Object.fromEntries(entries.map(([key, item]) => [key, normalise(item)]));
}

function sortByText(values: readonly unknown[]): unknown[] {
  const keyed = values.map((value) => [JSON.stringify(value), value] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function mismatch(field: string, wanted: unknown, got: unknown): Mismatch {
  return { field, wanted: shorten(wanted), got: shorten(got) };
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}
