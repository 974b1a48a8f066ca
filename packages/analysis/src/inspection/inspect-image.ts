/**
 * Inspects a source specification (`registry/app:tag`, a path, `container:web`): detects and opens
 * the source within the limits of the caller, and returns reports.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { arch } from 'node:process';

import type { InspectionReport, Platform, RegistrySettings } from '@lazaret/protocol';

import { detectSource } from '../source/detect-source.ts';
import type { DetectedSource } from '../source/detect-source.ts';
import type { DockerEndpoint } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import type { FileBytes } from '../source/file-bytes.ts';
import { openImageBytes } from '../source/image-archive.ts';
import { openSource } from '../source/open-source.ts';
import type { OpenedSource } from '../source/open-source.ts';
import type { SharedRates } from '@lazaret/oci';
import type {
  CredentialOptions,
  CredentialSource,
  RegistryOptions,
  RequestKind,
} from '@lazaret/oci/registry';
import { openAdvisories } from '../vulnerability/advisory-database.ts';
import type { AdvisoryDatabase } from '../vulnerability/advisory-database.ts';
import { matchReport } from '../vulnerability/advisory-coverage.ts';
import { inspect, inspectTree } from './inspect.ts';
import type { InspectOptions } from './inspect.ts';
import type { LayerThreads } from './layers/layer-threads.ts';
import type { InspectProgress } from './layers/progress.ts';
import type { GivenScannerSettings } from '../scan/scanner-module.ts';

export interface InspectRequest {
  /** As given by the user: `registry/app:tag`, a path, `container:web`, `dir:/srv`. */
  readonly reference: string;
  readonly platform: 'default' | 'all' | Platform;
  /** The digest that a tag was resolved to: this image is inspected under the name of the tag. */
  readonly pin?: string | undefined;
  /** Disables network access; a local container engine is still used. */
  readonly offline: boolean;
  /** Whether the report lists all files. */
  readonly files: boolean;
  /** TLSH, ssdeep and sdhash digests of programs: takes about ten times as long. */
  readonly similarity?: boolean | undefined;
  readonly scanners: GivenScannerSettings;
  /** Database of imported advisories; packages are not matched without it. */
  readonly vulnerabilityDatabase?: string | undefined;
  readonly cache?: { readonly directory: string; readonly maxBytes: number } | undefined;
  readonly registry: RegistryRequest;
  /** `unix:///run/podman/podman.sock`; the default socket of Docker, if it exists, unless given. */
  readonly dockerHost?: string | undefined;
  /** Number of threads for layers; the number of cores unless given. */
  readonly parallel?: number | undefined;
  /** Time limit for one layer. */
  readonly timeMs?: number | undefined;
  /** Directory for unlinked temporary files; the directory of the system unless given. */
  readonly spoolDirectory?: string | undefined;
}

/** The registry settings, and what concerns one inspection. */
export interface RegistryRequest extends Partial<
  Omit<RegistrySettings, 'public' | 'credentialHelpers'>
> {
  /** `.dockercfg`, used after `containersAuth`. */
  readonly dockercfg?: string | undefined;
  /** Asked instead of the files with credentials, when given. */
  readonly credentials?: CredentialSource | undefined;
  /** The environment of credential helpers; no helper is started without it. */
  readonly helperEnvironment?: Readonly<Record<string, string>> | undefined;
  readonly proxy?: NonNullable<RegistryOptions['network']>['proxy'];
  /** Name of the setting with the private hosts, for messages. */
  readonly privateHostsSetting?: string | undefined;
  /**
   * Set when the reference comes from a remote caller: a registry that is not a listed private host
   * must have a public address.
   */
  readonly isNamedByCaller?: boolean | undefined;
  /** How urgent its requests are, among all that share the rates. */
  readonly kind?: RequestKind | undefined;
}

export interface InspectHooks {
  readonly toolVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: InspectProgress) => void;
  /**
   * Called with a message about problems that do not affect the result, such as a cache that cannot
   * be written.
   */
  readonly onWarning?: (text: string) => void;
  /** Shares rate limits among inspections. */
  readonly sharedRates?: SharedRates | undefined;
  /** Threads that outlive the inspection; its own ones unless given. */
  readonly threads?: LayerThreads | undefined;
  /** Returns the archive for the reference, instead of the source that its form indicates. */
  readonly openArchive?: (() => Promise<FileBytes>) | undefined;
  /** Called once when the reference is standard input, which is unavailable without it. */
  readonly openStdin?: () => AsyncIterable<Uint8Array>;
}

/** Returns a report for each selected platform. Throws SourceError. */
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

/** The part of a request that is needed to open its source. */
export type OpenRequest = Pick<
  InspectRequest,
  'reference' | 'pin' | 'offline' | 'registry' | 'dockerHost' | 'spoolDirectory'
>;
export type OpenHooks = Pick<
  InspectHooks,
  'now' | 'signal' | 'sharedRates' | 'openArchive' | 'openStdin'
>;

/** Opens the source of the reference. Throws SourceError. */
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

/** Undefined when no registry is needed, or access is disabled. */
async function registryFor(
  { kind }: DetectedSource,
  { offline, registry }: Pick<InspectRequest, 'offline' | 'registry'>,
  hooks: Pick<InspectHooks, 'now' | 'sharedRates'>,
): Promise<RegistryOptions | undefined> {
  return kind === 'registry' && !offline ? registryOptions(registry, hooks) : undefined;
}

/** Usually linux/amd64: images are for Linux, whatever system this machine runs. */
export function thisPlatform(): Platform {
  const architecture = { x64: 'amd64', ia32: '386' }[arch as string] ?? arch;
  return { os: 'linux', architecture };
}

export async function inspectOpened(
  opened: OpenedSource,
  options: InspectOptions,
): Promise<InspectionReport[]> {
  if (opened.kind === 'image') {
    const { source } = opened;
    // Aborts the requests to a stalled registry at once.
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
      detail: 'a volume or a host directory is mounted here and was not examined',
    }));
    return [await inspectTree({ kind, reference, tree, gaps: () => gaps }, options)];
  } finally {
    await tree.close();
  }
}

export function inspectOptions(
  { platform, files, similarity = false, scanners, cache, parallel, timeMs }: InspectRequest,
  { toolVersion, now, signal, onProgress, onWarning, threads }: InspectHooks,
  advisories: AdvisoryDatabase | undefined,
): InspectOptions {
  return {
    ...{ platform, files, scanners, toolVersion, now, similarity, threads },
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

const defaultSocket = '/var/run/docker.sock';

function engineOf(address: string | undefined): DockerEndpoint | undefined {
  if (address !== undefined) return { address };
  return existsSync(defaultSocket) ? { address: `unix://${defaultSocket}` } : undefined;
}

/** The options of a registry client. Throws when a file of authorities cannot be read. */
export async function registryOptions(
  request: RegistryRequest,
  { now, sharedRates }: Pick<InspectHooks, 'now' | 'sharedRates'>,
): Promise<RegistryOptions> {
  const { plainHttp = [], skipVerify = [], caFiles = [], mirrors = {}, foreign = [] } = request;
  const { private: privateHosts = [], privateHostsSetting, isNamedByCaller } = request;
  const { proxy, rates } = request;
  const { openCredentials } = await import('@lazaret/oci/registry');
  const ca = await Promise.all(caFiles.map((path) => readFile(path, 'utf8')));
  return {
    clock: { now },
    network: {
      ...{ plainHttpHosts: plainHttp, skipVerifyHosts: skipVerify, ca },
      ...{ privateHosts, privateHostsSetting, isNamedByCaller },
      ...(proxy !== undefined && { proxy }),
      certificateDirectories: ['/etc/docker/certs.d'],
    },
    credentials: request.credentials ?? openCredentials(credentialFiles(request)),
    ...{ mirrors, foreignHosts: foreign, sharedRates },
    ...(rates !== undefined && { rates }),
    ...(request.kind !== undefined && { kind: request.kind }),
  };
}

/** The files of a request with credentials, in the order of their precedence. */
export function credentialFiles(request: RegistryRequest): CredentialOptions {
  const { credentialsFile, containersAuth, dockercfg, pullSecrets, helperEnvironment } = request;
  return {
    ...(credentialsFile !== undefined && { dockerConfig: credentialsFile }),
    ...(containersAuth !== undefined && { containersAuth }),
    ...(dockercfg !== undefined && { dockercfg }),
    ...(pullSecrets !== undefined && { pullSecrets }),
    ...(helperEnvironment !== undefined && { helperEnvironment }),
  };
}
