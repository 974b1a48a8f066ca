/**
 * Answers requests for blobs. A blob is served when it belongs to a manifest that passed the gate
 * in this repository and still would. Which manifests list a blob is remembered; for a blob that
 * is asked for before its manifest, the manifests that arrived in the repository are read. The
 * bytes flow from the registry to the client and are not stored.
 */
import { SourceError } from '@lazaret/oci';
import type { RegistryAnswer } from '@lazaret/oci/registry';

import { listArrivedDigests } from '../registries/index.ts';
import type { Call } from './call.ts';
import { decidePull, decideUnavailable, type PullDecision } from './decide-pull.ts';
import { GateError, retryLater, upstreamError } from './gate-error.ts';
import { gateLimits } from './limits.ts';
import { listBlobs } from './list-blobs.ts';
import { available, DecisionsUnavailable } from './read-image-state.ts';
import { RecentMap } from './recent-map.ts';
import type { PullParts } from './serve-manifest.ts';
import type { Upstream } from './upstreams.ts';

export interface BlobParts extends PullParts {
  readonly database: Parameters<typeof listArrivedDigests>[0];
}

interface WantedBlob {
  readonly upstream: Upstream;
  readonly digest: string;
}

export class BlobServer {
  readonly #parts: BlobParts;
  /** When the manifests of a repository were read because of an unknown blob. */
  readonly #recovered = new RecentMap<string, number>(gateLimits.repositoriesRemembered);

  constructor(parts: BlobParts) {
    this.#parts = parts;
  }

  /** Throws GateError. */
  async serve(call: Call, wanted: WantedBlob): Promise<void> {
    const { counters } = this.#parts;
    const refused = await this.#refuse(call, wanted);
    if (refused !== undefined) {
      counters.add('blobsDenied');
      throw refused;
    }
    if (counters.transfers >= gateLimits.transfers) {
      const message = `the gate sends ${counters.transfers} blobs already`;
      throw new GateError('TOOMANYREQUESTS', message, { headers: retryLater(1) });
    }
    counters.transfers += 1;
    try {
      await this.#send(call, wanted);
    } finally {
      counters.transfers -= 1;
    }
  }

  /** Why the blob is not served; undefined when it is. */
  async #refuse(call: Call, wanted: WantedBlob): Promise<GateError | undefined> {
    const { passed, settings, health } = this.#parts;
    const { upstream, digest } = wanted;
    const recent = passed.recent(upstream, digest);
    try {
      const first = await this.#judgeAny(upstream, recent);
      if (first?.error === undefined && first !== undefined) return undefined;
      const stored = (await passed.all(upstream, digest)).filter((one) => !recent.includes(one));
      const second = (await this.#judgeAny(upstream, stored)) ?? first;
      if (second !== undefined) return second.error;
      if (await this.#recover(call, wanted)) return undefined;
    } catch (error) {
      if (!(error instanceof DecisionsUnavailable)) throw error;
      health.failed(error);
      // What never passed is not served, whatever the options say.
      if (recent.length > 0) return decideUnavailable(upstream.repository, settings).error;
      throw unavailable(digest);
    }
    return this.#unknown(call, wanted);
  }

  /** The first manifest that passes; else the first that does not; undefined of none. */
  async #judgeAny(
    { registry, repository }: Upstream,
    manifests: readonly string[],
  ): Promise<PullDecision | undefined> {
    const { judge, settings } = this.#parts;
    let refused: PullDecision | undefined;
    for (const digest of manifests) {
      const found = await judge.recall({ registry, repository, digest });
      const decision = decidePull(found, `${repository}@${digest.slice(0, 19)}`, settings);
      if (decision.error === undefined) return decision;
      refused ??= decision;
    }
    return refused;
  }

  /** Reads manifests that arrived and would pass, until one lists the blob. */
  async #recover({ signal }: Call, { upstream, digest }: WantedBlob): Promise<boolean> {
    const { manifests, passed, database, monotonicMs } = this.#parts;
    const { registry, repository } = upstream;
    const key = `${registry.id} ${repository}`;
    const last = this.#recovered.get(key);
    if (last !== undefined && monotonicMs() - last < gateLimits.recoverAgainMs) return false;
    const limit = gateLimits.recoveredManifests;
    const arrived = await available(() =>
      listArrivedDigests(database, { registry, repository, limit }),
    );
    for (const selector of arrived) {
      if ((await this.#judgeAny(upstream, [selector]))?.error !== undefined) continue;
      try {
        const query = { selector, accept: undefined, signal };
        const { bytes } = await manifests.read(upstream, query);
        const blobs = listBlobs(bytes);
        await passed.add({ registry, repository, digest: selector }, blobs);
        if (blobs.includes(digest)) return true;
      } catch (error) {
        // Manifests that are gone, or that the registry does not give now.
        if (!(error instanceof SourceError)) throw error;
      }
    }
    this.#recovered.set(key, monotonicMs());
    return false;
  }

  /** 404 when the registry does not have it either. */
  async #unknown({ signal }: Call, wanted: WantedBlob): Promise<GateError> {
    const answer = await this.#ask(wanted, { method: 'HEAD', signal });
    answer.drop();
    const { repository } = wanted.upstream;
    const what = `the blob ${repository}@${wanted.digest}`;
    if (answer.status !== 200) return new GateError('BLOB_UNKNOWN', `${what} does not exist`);
    const message = `${what} is not part of an image that passed the gate: pull its manifest first`;
    return new GateError('DENIED', message);
  }

  async #send(call: Call, wanted: WantedBlob): Promise<void> {
    const { counters, settings } = this.#parts;
    const { request, response, isHead, signal } = call;
    const answer = await this.#ask(wanted, {
      method: isHead ? 'HEAD' : 'GET',
      headers: pick(request.headers, requestHeaders),
      ...{ redirects: settings.redirects, bulk: !isHead, signal },
    });
    const { location } = answer;
    if (location !== undefined) {
      response.writeHead(307, { location, 'content-length': '0' }).end();
      return;
    }
    if (![200, 206, 304, 416].includes(answer.status)) {
      throw upstreamError(
        await wanted.upstream.client.refuse(answer, `the blob ${wanted.digest}`),
        'BLOB_UNKNOWN',
      );
    }
    counters.add('blobs');
    response.writeHead(answer.status, {
      'docker-content-digest': wanted.digest,
      ...Object.fromEntries(
        responseHeaders.flatMap((name) => {
          const [value] = answer.header(name);
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    });
    if (isHead || answer.status === 304) {
      answer.drop();
      response.end();
      return;
    }
    response.setTimeout(gateLimits.clientIdleMs, () => response.destroy());
    await answer.pipe(response, (bytes) => counters.add('bytes', bytes));
  }

  /** Retried until the first byte. Throws GateError. */
  async #ask(
    { upstream, digest }: WantedBlob,
    asked: {
      readonly method: 'GET' | 'HEAD';
      readonly headers?: Readonly<Record<string, string>>;
      readonly redirects?: 'follow' | 'pass';
      readonly bulk?: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<RegistryAnswer> {
    const { client, repository, registry } = upstream;
    const path = `/v2/${repository}/blobs/${digest}`;
    const what = `the blob ${repository}@${digest} at ${registry.address}`;
    try {
      return await client.repeat(
        () => client.send({ path, repository, what, ...asked }),
        asked.signal,
      );
    } catch (error) {
      if (error instanceof SourceError) throw upstreamError(error, 'BLOB_UNKNOWN');
      throw error;
    }
  }
}

const requestHeaders = ['range', 'if-range', 'if-none-match'] as const;
const responseHeaders = [
  ...(['content-type', 'content-length', 'content-range', 'content-encoding'] as const),
  ...(['accept-ranges', 'etag', 'last-modified', 'cache-control'] as const),
] as const;

function pick(
  headers: Call['request']['headers'],
  names: readonly (typeof requestHeaders)[number][],
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function unavailable(digest: string): GateError {
  const message = `the blob ${digest} is not served: decisions cannot be read now`;
  return new GateError('UNAVAILABLE', message, { headers: retryLater() });
}
