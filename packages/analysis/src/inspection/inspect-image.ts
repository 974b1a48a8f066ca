/**
 * From a word (`registry/app:tag`, a path, `container:web`) to reports: finds out what it means,
 * opens it with what the caller allows, and inspects it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { arch } from 'node:process';

import type { InspectionReport, Platform } from '@lazaret/protocol';

import { detectSource } from '../source/detect-source.ts';
import type { DetectedSource } from '../source/detect-source.ts';
import type { DockerEndpoint } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import type { FileBytes } from '../source/file-bytes.ts';
import { openImageBytes } from '../source/image-archive.ts';
import { openSource } from '../source/open-source.ts';
import type { OpenedSource } from '../source/open-source.ts';
import type { RegistryRates, SharedRates } from '@lazaret/oci';
import type { RegistryOptions } from '@lazaret/oci/registry';
import { openAdvisories } from '../vulnerability/advisory-database.ts';
import type { AdvisoryDatabase } from '../vulnerability/advisory-database.ts';
import { matchReport } from '../vulnerability/advisory-coverage.ts';
import { inspect, inspectTree } from './inspect.ts';
import type { InspectOptions } from './inspect.ts';
import type { InspectProgress } from './layers/progress.ts';
import type { ScannerChoice } from '../scan/scanner-choice.ts';

export interface InspectRequest {
  /** As it was given: `registry/app:tag`, a path, `container:web`, `dir:/srv`. */
  readonly reference: string;
  readonly platform: 'default' | 'all' | Platform;
  /** What a tag of a registry stood for in a survey: this is inspected, under the tag's name. */
  readonly pin?: string | undefined;
  /** Nothing is asked over the network; an engine on this machine is. */
  readonly offline: boolean;
  /** Whether the report lists every file. */
  readonly files: boolean;
  /** TLSH, ssdeep and sdhash digests of programs: about ten times the work of all the rest. */
  readonly similarity?: boolean | undefined;
  readonly scanners: ScannerChoice;
  /** Imported advisories; packages are not matched without. */
  readonly vulnerabilityDatabase?: string | undefined;
  readonly cache?: { readonly directory: string; readonly maxBytes: number } | undefined;
  readonly registry: RegistryRequest;
  /** `unix:///run/podman/podman.sock`; Docker's usual socket, where it is there, unless given. */
  readonly dockerHost?: string | undefined;
  /** Threads for layers; as many as there are cores unless given. */
  readonly parallel?: number | undefined;
  /** For one layer. */
  readonly timeMs?: number | undefined;
  /** Where a stream is put aside, without a name; the system's own place unless given. */
  readonly spoolDirectory?: string | undefined;
}

export interface RegistryRequest {
  /** `host[:port]` that are spoken to without TLS. */
  readonly plainHttpHosts: readonly string[];
  /** `host[:port]` whose certificates are not verified. */
  readonly skipVerifyHosts: readonly string[];
  /** Files with certificates (PEM) to trust besides those of the system. */
  readonly caFiles: readonly string[];
  /** `config.json` of docker. */
  readonly credentialsFile?: string | undefined;
  /** `auth.json` of the containers tools, asked in order after that. */
  readonly containersAuth?: readonly string[] | undefined;
  /** `.dockercfg`, asked after those. */
  readonly dockercfg?: string | undefined;
  /** Files with Kubernetes pull secrets, asked after all others. */
  readonly pullSecrets?: readonly string[] | undefined;
  /** All variables that credential helpers see; none is started without. */
  readonly helperEnvironment?: Readonly<Record<string, string>> | undefined;
  /** By host: the hosts that are asked first for its images. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** `host[:port]` that layers outside the registry may be fetched from. */
  readonly foreignHosts: readonly string[];
  readonly proxy: NonNullable<RegistryOptions['network']>['proxy'];
  /** By host, or `*`: how often it may be asked; all its windows must have room. */
  readonly rates?: RegistryRates | undefined;
  /** `host[:port]` that may be at private addresses though a registry or the caller named them. */
  readonly privateHosts?: readonly string[] | undefined;
  /** Name of the setting with the private hosts, for messages. */
  readonly privateHostsSetting?: string | undefined;
  /**
   * Set where the reference comes from somebody far away: a registry that is not among the private
   * hosts must be at a public address.
   */
  readonly isNamedByCaller?: boolean | undefined;
}

export interface InspectHooks {
  readonly toolVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: InspectProgress) => void;
  /** Told in a sentence what went wrong beside the inspection: a cache that cannot be written. */
  readonly onWarning?: (text: string) => void;
  /** For inspections that ask registries within the same rates. */
  readonly sharedRates?: SharedRates | undefined;
  /** Gives the archive that the reference stands for, in place of what its form says. */
  readonly openArchive?: (() => Promise<FileBytes>) | undefined;
  /** Called once, when the reference means standard input; there is none without. */
  readonly openStdin?: () => AsyncIterable<Uint8Array>;
}

/** Answers a report for each selected platform. Throws SourceError. */
export async function inspectImage(
  request: InspectRequest,
  hooks: InspectHooks,
): Promise<InspectionReport[]> {
  const advisories = openDatabase(request.vulnerabilityDatabase);
  try {
    const { opened, hint } = await openRequested(request, hooks);
    const options = inspectOptions(request, hooks, advisories);
    return await inspectOpened(opened, { ...options, sourceHint: hint });
  } finally {
    advisories?.close();
  }
}

/** What is needed of a request to open its source. */
export type OpenRequest = Pick<
  InspectRequest,
  'reference' | 'pin' | 'offline' | 'registry' | 'dockerHost' | 'spoolDirectory'
>;
export type OpenHooks = Pick<
  InspectHooks,
  'now' | 'signal' | 'sharedRates' | 'openArchive' | 'openStdin'
>;

/** Opens what the reference means. Throws SourceError. */
export async function openRequested(
  request: OpenRequest,
  hooks: OpenHooks,
): Promise<{ readonly opened: OpenedSource; readonly hint?: string | undefined }> {
  const spoolDirectory = request.spoolDirectory ?? tmpdir();
  const defaultPlatform = thisPlatform();
  if (hooks.openArchive !== undefined) {
    const { reference } = request;
    const options = { reference, spoolDirectory, defaultPlatform };
    const source = await openImageBytes(await hooks.openArchive(), options);
    return { opened: { kind: 'image', source } };
  }
  const engine = engineOf(request.dockerHost);
  const detected = await detectSource(request.reference, { engine });
  const opened = await openSource(detected, {
    ...{ defaultPlatform, engine, spoolDirectory },
    registry: await registryFor(detected, request, hooks),
    ...{ pin: request.pin, signal: hooks.signal, openStdin: hooks.openStdin },
  });
  return { opened, hint: detected.hint };
}

/** Undefined where no registry is asked, or none may be. */
async function registryFor(
  { kind }: DetectedSource,
  { offline, registry }: Pick<InspectRequest, 'offline' | 'registry'>,
  hooks: Pick<InspectHooks, 'now' | 'sharedRates'>,
): Promise<RegistryOptions | undefined> {
  return kind === 'registry' && !offline ? registryOptions(registry, hooks) : undefined;
}

/** linux/amd64 for most: images are for Linux whatever this machine runs. */
export function thisPlatform(): Platform {
  const architecture = { x64: 'amd64', ia32: '386' }[arch as string] ?? arch;
  return { os: 'linux', architecture };
}

async function inspectOpened(
  opened: OpenedSource,
  options: InspectOptions,
): Promise<InspectionReport[]> {
  if (opened.kind === 'image') {
    const { source } = opened;
    // A registry that stalls is let go of at once.
    const abort = (): void => void source.close();
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      return await inspect(source, options);
    } finally {
      options.signal?.removeEventListener('abort', abort);
      await source.close();
    }
  }
  const { kind, reference, tree } = opened;
  if (kind === 'directory') {
    return [await inspectTree({ kind, reference, tree, gaps: () => tree.gaps }, options)];
  }
  try {
    const gaps = tree.mounts.map((path) => ({
      ...{ reason: 'not_available' as const, path: path.replace(/^\/+/, '') },
      detail: 'a volume or a directory of the host is mounted here and was not looked at',
    }));
    return [await inspectTree({ kind, reference, tree, gaps: () => gaps }, options)];
  } finally {
    await tree.close();
  }
}

function inspectOptions(
  { platform, files, similarity = false, scanners, cache, parallel, timeMs }: InspectRequest,
  { toolVersion, now, signal, onProgress, onWarning }: InspectHooks,
  advisories: AdvisoryDatabase | undefined,
): InspectOptions {
  return {
    ...{ platform, files, scanners, toolVersion, now, similarity },
    ...(cache !== undefined && { cache }),
    ...(parallel !== undefined && { parallel }),
    ...(timeMs !== undefined && { timeMs }),
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
    ...(onWarning !== undefined && { onWarning }),
    ...(advisories !== undefined && {
      match: (about) => matchReport(about, advisories, now()),
    }),
  };
}

export function openDatabase(path: string | undefined): AdvisoryDatabase | undefined {
  if (path === undefined) return undefined;
  try {
    return openAdvisories(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : `${path} cannot be opened`;
    throw new SourceError('unsupported', message, { cause: error });
  }
}

const usualSocket = '/var/run/docker.sock';

function engineOf(address: string | undefined): DockerEndpoint | undefined {
  if (address !== undefined) return { address };
  return existsSync(usualSocket) ? { address: `unix://${usualSocket}` } : undefined;
}

async function registryOptions(
  request: RegistryRequest,
  { now, sharedRates }: Pick<InspectHooks, 'now' | 'sharedRates'>,
): Promise<RegistryOptions> {
  const { plainHttpHosts, skipVerifyHosts, mirrors, foreignHosts, proxy, credentialsFile } =
    request;
  const { containersAuth, dockercfg, pullSecrets, helperEnvironment, rates } = request;
  const { privateHosts, privateHostsSetting, isNamedByCaller } = request;
  const { openCredentials } = await import('@lazaret/oci/registry');
  const ca = await Promise.all(request.caFiles.map((path) => readFile(path, 'utf8')));
  return {
    clock: { now },
    network: {
      ...{ plainHttpHosts, skipVerifyHosts, ca },
      ...{ privateHosts: privateHosts ?? [], privateHostsSetting, isNamedByCaller },
      ...(proxy !== undefined && { proxy }),
      certificateDirectories: ['/etc/docker/certs.d'],
    },
    credentials: openCredentials({
      ...(credentialsFile !== undefined && { dockerConfig: credentialsFile }),
      ...(containersAuth !== undefined && { containersAuth }),
      ...(dockercfg !== undefined && { dockercfg }),
      ...(pullSecrets !== undefined && { pullSecrets }),
      ...(helperEnvironment !== undefined && { helperEnvironment }),
    }),
    ...{ mirrors, foreignHosts, sharedRates },
    ...(rates !== undefined && { rates }),
  };
}
