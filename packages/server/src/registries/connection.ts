/** How a watched registry is reached: its settings as the registry client takes them. */
import {
  credentialFiles,
  parseReference,
  parseSourceSpec,
  registryOptions,
  type RegistryRequest,
  type SharedRates,
} from '@lazaret/analysis';
import { openRegistryClient, type RegistryClient } from '@lazaret/oci/registry';
import {
  parseRequestRate,
  watchSettings,
  type InspectionSettings,
  type WatchSettings,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { resolveReferencedFile } from '../floor/secret-reference.ts';
import { describeRegistries, type RegistryLookup } from '../inspection/index.ts';
import { openCredentialReference } from './credentials.ts';
import { watchLimits } from './limits.ts';

/** What is needed of a row of the table. */
export interface WatchedRegistry {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  /** As in references; `local` for the container engine. */
  readonly address: string;
  readonly source: 'api' | 'file';
  readonly settings: WatchSettings;
}

export interface ConnectionParts {
  /** Of registries that are not watched: shared credentials, helpers, foreign hosts. */
  readonly settings: InspectionSettings;
  /** What credential helpers see besides what is configured for them. */
  readonly helperEnvironment: Readonly<Record<string, string>>;
  /** Where variables with credentials are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of files that the API may name. */
  readonly directory: string;
}

/** Settings that were stored by an earlier version get the defaults of new ones. */
export function readSettings(stored: WatchSettings): WatchSettings {
  return watchSettings.parse(stored);
}

/** The address of the server's own container engine. */
export const localAddress = 'local';

export function describeConnection(
  registry: WatchedRegistry,
  parts: ConnectionParts,
): RegistryRequest {
  const { address, source, settings } = registry;
  const place = { directory: parts.directory, source };
  const unwatched = describeRegistries(parts.settings.registries, parts.helperEnvironment);
  const { plainHttp, skipVerify, caFile, mirrors } = settings;
  const authority = caFile === '' ? undefined : resolveReferencedFile(caFile, place);
  const credentials = openCredentialReference(settings.credentials, {
    ...{ place, address, environment: parts.environment },
    shared: credentialFiles(unwatched),
  });
  const rates = settings.rates.flatMap((text) => parseRequestRate(text) ?? []);
  return {
    ...{ ...unwatched, credentials },
    plainHttp: [...unwatched.plainHttp, ...(plainHttp ? [address] : [])],
    skipVerify: [...unwatched.skipVerify, ...(skipVerify ? [address] : [])],
    caFiles: [...unwatched.caFiles, ...(authority === undefined ? [] : [authority])],
    mirrors: { ...unwatched.mirrors, [address]: mirrors },
    rates: { ...unwatched.rates, ...(rates.length > 0 && { [address]: rates }) },
    private: [...unwatched.private, address, ...mirrors],
    // The operator named it, not a caller.
    isNamedByCaller: false,
  };
}

export interface OpenedRegistry {
  readonly client: RegistryClient;
  /** Requests so far. */
  requests(): number;
  close(): Promise<void>;
}

export interface ClientParts extends ConnectionParts {
  readonly sharedRates: SharedRates;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A client for listings, in the background unless `kind` says so. */
export async function openWatchedRegistry(
  registry: WatchedRegistry,
  parts: ClientParts,
  how: {
    readonly signal: AbortSignal;
    readonly kind?: 'interactive' | 'automatic';
    /** At a time, instead of the default. */
    readonly connections?: number;
  },
): Promise<OpenedRegistry> {
  const { sharedRates, now } = parts;
  let requests = 0;
  const { connections } = how;
  const options = await registryOptions(describeConnection(registry, parts), { now, sharedRates });
  const network = { ...options.network, ...(connections !== undefined && { connections }) };
  const opened = openRegistryClient(registry.address, {
    ...{ ...options, network },
    ...{ signal: how.signal, retries: watchLimits.requestRetries, kind: how.kind ?? 'background' },
    onRequest: () => {
      requests += 1;
    },
  });
  return { client: opened.client, requests: () => requests, close: () => opened.close() };
}

/** Finds the watched registry of a reference among those of a project. */
export function createRegistryLookup(
  parts: ConnectionParts & { readonly database: Kysely<Database> },
): RegistryLookup {
  return async (project, reference) => {
    const address = addressOfReference(reference);
    if (address === undefined) return undefined;
    const row = await parts.database
      .selectFrom('registries')
      .select(['id', 'project', 'name', 'address', 'source', 'settings'])
      .where('project', '=', project)
      .where('address', '=', address)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const source = row.source === 'file' ? 'file' : 'api';
    return describeConnection({ ...row, source, settings: readSettings(row.settings) }, parts);
  };
}

function addressOfReference(reference: string): string | undefined {
  try {
    const spec = parseSourceSpec(reference.trim());
    if (spec.kind === 'engine') return localAddress;
    if (spec.kind === 'registry') return parseReference(spec.reference).host;
    return spec.kind === 'plain' ? parseReference(spec.text).host : undefined;
  } catch {
    // Refused with its reason where the reference is checked.
    return undefined;
  }
}
