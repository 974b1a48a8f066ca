/** An image in a registry, as a source: mirrors first, then the registry itself. */
import type { Platform } from '@lazaret/protocol';

import { assembleArtifact } from '../artifact.ts';
import type { ImageListing, ImageOrigin, ImageSource, PlatformChoice } from '../image-source.ts';
import type { Descriptor } from '../manifest.ts';
import { chooseImages, type ImageAssembler } from './choose-images.ts';
import type { Clock } from './clock.ts';
import type { CredentialSource } from './credential.ts';
import { Endpoints } from './endpoints.ts';
import { openForeign } from './foreign-layer.ts';
import { type BlobOptions, openBlob } from './open-blob.ts';
import { readManifest, readSmallBlob } from './read-manifest.ts';
import {
  canonicalHost,
  formatReference,
  parseReference,
  type RegistryReference,
  selectorOf,
} from '../reference.ts';
import { assembleImage, assembleLayer, type ImageParts } from './registry-image.ts';
import { RegistryClient } from './registry-client.ts';
import { type RegistryRates, SharedRates } from './request-rate.ts';
import { remarkResolution, resolutionOf } from './resolution.ts';
import { createTransport, type NetworkOptions, type Transport } from './transport.ts';

export interface RegistryOptions {
  readonly clock: Clock;
  readonly network?: NetworkOptions;
  /** Anonymous without. */
  readonly credentials?: CredentialSource;
  /** Hosts besides the registry's own house whose token servers are shown our credentials. */
  readonly authHosts?: readonly string[];
  /** By host, as in references; a mirror is asked first and sees only credentials of its own. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** `host[:port]` that layers outside the registry may be fetched from, over https. */
  readonly foreignHosts?: readonly string[];
  /** How often a host may be asked. */
  readonly rates?: RegistryRates;
  /** Whoever is given the same object asks within the same rates. */
  readonly sharedRates?: SharedRates | undefined;
  readonly random?: () => number;
}

export interface RegistrySourceOptions extends RegistryOptions {
  /** What the choice `default` means: the platform of this machine. */
  readonly defaultPlatform: Platform;
  /** What the reference stood for before: asked for in its place, whatever the tag is by now. */
  readonly pin?: string | undefined;
  /** Ends whatever is asked or waited for, as `close` does. */
  readonly signal?: AbortSignal | undefined;
}

/** Throws SourceError `invalid_reference` for text that is none. Connects when it is asked. */
export function openRegistrySource(text: string, options: RegistrySourceOptions): ImageSource {
  const reference = parseReference(text);
  const opened = openConnection(formatReference(reference), options, options.signal);
  const endpoints = openEndpoints(reference.host, opened, options);
  let resolved: ImageOrigin = { remarks: [] };
  const onResolved = (origin: ImageOrigin): void => {
    resolved = origin;
  };
  return {
    kind: 'registry',
    reference: formatReference(reference),
    list: (choice) => listImages(reference, { endpoints, opened, options, choice, onResolved }),
    origin: () => ({ ...resolved, remarks: [...resolved.remarks, ...endpoints.faults] }),
    close: () => opened.close(),
  };
}

/** A client for requests beside reading an image, such as listings, until it is closed. */
export function openRegistryClient(
  host: string,
  options: RegistryOptions,
): { readonly client: RegistryClient; close(): Promise<void> } {
  const opened = openConnection(host, options);
  const client = openClient(canonicalHost(host), opened, options);
  return { client, close: () => opened.close() };
}

/** What all clients of a source share. */
interface Connection {
  readonly transport: Transport;
  readonly rates: SharedRates;
  readonly signal: AbortSignal;
  /** Ends what is being asked and waited for, at once. */
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
  const impatient = { ...options, retries: 1 };
  const mirrors = options.mirrors?.[host] ?? [];
  return new Endpoints(
    openClient(host, opened, options),
    mirrors.map((mirror) => openClient(mirror, opened, impatient)),
  );
}

function openClient(
  host: string,
  { transport, rates, signal }: Connection,
  options: RegistryOptions & { readonly retries?: number },
): RegistryClient {
  const { clock, credentials = { find: async () => undefined }, random, authHosts = [] } = options;
  const { retries } = options;
  return new RegistryClient(host, {
    transport,
    clock,
    credentials,
    authHosts,
    signal,
    rate: rates.of(host, options.rates ?? {}),
    ...(random === undefined ? {} : { random }),
    ...(retries === undefined ? {} : { retries }),
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
  onResolved({ resolved, remarks: remarkResolution(reference, resolved, top.digest) });
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
  const { images, remarks } = await chooseImages(top, shelf, { choice, defaultPlatform });
  return { images, remarks, digest: top.digest };
}

function createParts(repository: string, { endpoints, opened, options }: Listing): ImageParts {
  const { foreignHosts = [], clock, network } = options;
  const shared = { clock, idleMs: network?.idleMs };
  /** Who gave the layer of a digest last. */
  const givers = new Map<string, RegistryClient>();
  return {
    readBlob: (descriptor, maxBytes) =>
      endpoints.first((client) => readSmallBlob(client, { repository, descriptor, maxBytes })),
    openLayer: (descriptor, url, signal) =>
      url === undefined
        ? endpoints.first((client) => {
            givers.set(descriptor.digest, client);
            return openBlob({ ...blobOf(client, repository, descriptor), ...shared, signal });
          })
        : openForeign(url, descriptor, {
            ...{ ...shared, transport: opened.transport, random: options.random },
            signal: AbortSignal.any([opened.signal, ...(signal === undefined ? [] : [signal])]),
          }),
    refuseLayer: ({ digest }, why) => {
      const giver = givers.get(digest);
      const what = `of the layer ${repository}@${digest}`;
      return giver !== undefined && endpoints.refuse(giver, `${what}, ${why}`);
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

function blobOf(
  client: RegistryClient,
  repository: string,
  { digest, sizeBytes }: Descriptor,
): Pick<BlobOptions, 'server' | 'sizeBytes' | 'what'> {
  const what = `the layer ${repository}@${digest} at ${client.host}`;
  const path = `/v2/${repository}/blobs/${digest}`;
  return {
    what,
    sizeBytes,
    server: {
      send: (headers, signal) => client.send({ path, repository, what, headers, signal }),
      pause: (error, attempt, signal) => client.pause(error, attempt, signal),
      refuse: (answer) => client.refuse(answer, what),
    },
  };
}

function isAllowed(url: URL, hosts: readonly string[]): boolean {
  const isPlain = url.username === '' && url.password === '';
  return url.protocol === 'https:' && isPlain && hosts.includes(url.host);
}
