/** Image source for registries: mirrors first, then the registry itself. */
import type { Platform } from '@lazaret/protocol';

import { assembleArtifact } from '../image/artifact.ts';
import type {
  ImageListing,
  ImageOrigin,
  ImageSource,
  PlatformChoice,
} from '../image/image-source.ts';
import { chooseImages, type ImageAssembler } from './choose-images.ts';
import type { Clock } from './http/clock.ts';
import type { CredentialSource } from './auth/credential.ts';
import { Endpoints } from './endpoints.ts';
import { openForeign } from './foreign-layer.ts';
import { openBlob } from './open-blob.ts';
import { readManifest, readSmallBlob } from './read-manifest.ts';
import {
  canonicalHost,
  formatReference,
  parseReference,
  type RegistryReference,
  selectorOf,
} from '../reference/reference.ts';
import { assembleImage, assembleLayer, type ImageParts } from './registry-image.ts';
import { blobServer } from './registry-blob.ts';
import { RegistryClient } from './registry-client.ts';
import { type RegistryRates, type RequestKind, SharedRates } from './http/request-rate.ts';
import { resolutionDiagnostics, resolutionOf } from './resolution.ts';
import { createTransport, type NetworkOptions, type Transport } from './http/transport.ts';

export interface RegistryOptions {
  readonly clock: Clock;
  readonly network?: NetworkOptions;
  /** Anonymous when absent. */
  readonly credentials?: CredentialSource;
  /** Hosts outside the registry's domain whose token servers may receive credentials. */
  readonly authHosts?: readonly string[];
  /**
   * Mirrors by host, as in references; a mirror is queried first and only receives its own
   * credentials.
   */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** `host[:port]` from which foreign layers may be fetched over https. */
  readonly foreignHosts?: readonly string[];
  /** Rate limits by host. */
  readonly rates?: RegistryRates;
  /** Shares the rate limits with all sources that use the same object. */
  readonly sharedRates?: SharedRates | undefined;
  readonly random?: () => number;
  /** How urgent its requests are, among all that share the rates. */
  readonly kind?: RequestKind;
  /** Called for each request to the registry itself. */
  readonly onRequest?: () => void;
}

export interface RegistrySourceOptions extends RegistryOptions {
  /** The platform for the choice `default`. */
  readonly defaultPlatform: Platform;
  /** The digest that the reference resolved to earlier: requested instead of the tag. */
  readonly pin?: string | undefined;
  /** Aborts all requests and delays, as `close` does. */
  readonly signal?: AbortSignal | undefined;
}

/** Throws SourceError `invalid_reference`. Connects on first use. */
export function openRegistrySource(text: string, options: RegistrySourceOptions): ImageSource {
  const reference = parseReference(text);
  const opened = openConnection(formatReference(reference), options, options.signal);
  const endpoints = openEndpoints(reference.host, opened, options);
  let resolved: ImageOrigin = { diagnostics: [] };
  const onResolved = (origin: ImageOrigin): void => {
    resolved = origin;
  };
  return {
    kind: 'registry',
    reference: formatReference(reference),
    list: (choice) => listImages(reference, { endpoints, opened, options, choice, onResolved }),
    origin: () => ({ ...resolved, diagnostics: [...resolved.diagnostics, ...endpoints.faults] }),
    close: () => opened.close(),
  };
}

/** A client for other requests, such as listings, until it is closed. */
export function openRegistryClient(
  host: string,
  options: RegistryOptions & {
    /** Number of retries, instead of the default. */
    readonly retries?: number;
    /** Aborts all requests and delays, as `close` does. */
    readonly signal?: AbortSignal;
  },
): { readonly client: RegistryClient; close(): Promise<void> } {
  const opened = openConnection(host, options, options.signal);
  const client = openClient(canonicalHost(host), opened, options);
  return { client, close: () => opened.close() };
}

/** Shared by all clients of a source. */
interface Connection {
  readonly transport: Transport;
  readonly rates: SharedRates;
  readonly signal: AbortSignal;
  /** Aborts all requests and delays immediately. */
  close(): Promise<void>;
}

function openConnection(
  name: string,
  { network = {}, sharedRates, clock }: RegistryOptions,
  signal?: AbortSignal,
): Connection {
  const transport = createTransport(network);
  const closed = new AbortController();
  return {
    transport,
    rates: sharedRates ?? new SharedRates(clock),
    signal: signal === undefined ? closed.signal : AbortSignal.any([closed.signal, signal]),
    close() {
      closed.abort(new Error(`${name} was closed`));
      return transport.close();
    },
  };
}

function openEndpoints(host: string, opened: Connection, options: RegistryOptions): Endpoints {
  const mirrorOptions = { ...options, retries: 1 };
  const mirrors = options.mirrors?.[host] ?? [];
  return new Endpoints(
    openClient(host, opened, options),
    mirrors.map((mirror) => openClient(mirror, opened, mirrorOptions)),
  );
}

function openClient(
  host: string,
  { transport, rates, signal }: Connection,
  options: RegistryOptions & { readonly retries?: number },
): RegistryClient {
  const { clock, credentials = { find: async () => undefined }, random, authHosts = [] } = options;
  const { retries, kind, onRequest } = options;
  return new RegistryClient(host, {
    transport,
    clock,
    credentials,
    authHosts,
    signal,
    rate: rates.of(host, options.rates ?? {}),
    ...(random === undefined ? {} : { random }),
    ...(retries === undefined ? {} : { retries }),
    ...(kind === undefined ? {} : { kind }),
    ...(onRequest === undefined ? {} : { onRequest }),
  });
}

interface Listing {
  readonly endpoints: Endpoints;
  readonly opened: Connection;
  readonly options: RegistrySourceOptions;
  readonly choice: PlatformChoice;
  readonly onResolved: (origin: ImageOrigin) => void;
}

async function listImages(reference: RegistryReference, listing: Listing): Promise<ImageListing> {
  const { endpoints, options, choice, onResolved } = listing;
  const { repository } = reference;
  const { top, host } = await endpoints.first(async (client) => ({
    top: await readManifest(client, { repository, selector: options.pin ?? selectorOf(reference) }),
    host: client.host,
  }));
  const resolved = resolutionOf(reference, top, host);
  onResolved({ resolved, diagnostics: resolutionDiagnostics(reference, resolved, top.digest) });
  const parts = createParts(repository, listing);
  const shelf: ImageAssembler = {
    names: [formatReference(reference)],
    readChild: (descriptor) =>
      endpoints.first((client) =>
        readManifest(client, { repository, selector: descriptor.digest, descriptor }),
      ),
    assemble: (manifest, place) => assembleImage(manifest, place, parts),
    assembleArtifact: (manifest, place) =>
      assembleArtifact(manifest, place, (blob) => assembleLayer(blob, undefined, parts)),
  };
  const { defaultPlatform } = options;
  const { images, diagnostics } = await chooseImages(top, shelf, { choice, defaultPlatform });
  return { images, diagnostics, digest: top.digest };
}

function createParts(repository: string, { endpoints, opened, options }: Listing): ImageParts {
  const { foreignHosts = [], clock, network } = options;
  const shared = { clock, idleMs: network?.idleMs };
  /** The client that last provided each layer, by digest. */
  const providers = new Map<string, RegistryClient>();
  return {
    readBlob: (descriptor, maxBytes) =>
      endpoints.first((client) => readSmallBlob(client, { repository, descriptor, maxBytes })),
    openLayer: (descriptor, url, signal) =>
      url === undefined
        ? endpoints.first((client) => {
            providers.set(descriptor.digest, client);
            return openBlob({
              ...blobServer(client, { ...descriptor, repository }),
              ...{ ...shared, signal },
            });
          })
        : openForeign(url, descriptor, {
            ...{ ...shared, transport: opened.transport, random: options.random },
            signal: AbortSignal.any([opened.signal, ...(signal === undefined ? [] : [signal])]),
          }),
    refuseLayer: ({ digest }, why) => {
      const provider = providers.get(digest);
      const what = `the layer ${repository}@${digest}`;
      return provider !== undefined && endpoints.refuse(provider, `${what}: ${why}`);
    },
    hasBlob: async ({ digest }) => {
      const path = `/v2/${repository}/blobs/${digest}`;
      const what = `the blob ${repository}@${digest}`;
      return endpoints.some((client) =>
        client.repeat(async () => {
          const answer = await client.send({ method: 'HEAD', path, repository, what });
          answer.drop();
          return answer.status === 200;
        }),
      );
    },
    allowedUrl: (urls) =>
      urls
        .map((text) => URL.parse(text))
        .find((url) => url !== null && isAllowed(url, foreignHosts)) ?? undefined,
  };
}

function isAllowed(url: URL, hosts: readonly string[]): boolean {
  const isPlain = url.username === '' && url.password === '';
  return url.protocol === 'https:' && isPlain && hosts.includes(url.host);
}
