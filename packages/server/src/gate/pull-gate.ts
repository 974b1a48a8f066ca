/** The pull endpoint: finds the registry of a request and answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { send, sendError, watchClient, type Call } from './call.ts';
import type { ClientAuthentication } from './authenticate-client.ts';
import { GateError } from './gate-error.ts';
import { parseTarget, type Target } from './parse-target.ts';
import { BlobServer, type BlobParts } from './serve-blob.ts';
import { catalogList, referrerList, serveList, tagList } from './serve-list.ts';
import { serveManifest } from './serve-manifest.ts';
import type { Upstreams } from './upstreams.ts';

export interface PullGateParts extends BlobParts {
  readonly upstreams: Upstreams;
  readonly clients: ClientAuthentication;
}

export class PullGate {
  readonly #parts: PullGateParts;
  readonly #blobs: BlobServer;

  constructor(parts: PullGateParts) {
    this.#parts = parts;
    this.#blobs = new BlobServer(parts);
  }

  /** Never rejects: every failure is answered. */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const signal = watchClient(response);
    const isHead = request.method === 'HEAD';
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    try {
      const { headers, method = 'GET' } = request;
      const target = parseTarget(method, url.pathname);
      const actor = await this.#parts.clients.authenticate(headers.authorization);
      const namespace = url.searchParams.get('ns') ?? undefined;
      const call = { request, response, url, isHead, actor, namespace, signal };
      await this.#answer(call, target);
    } catch (error) {
      if (signal.aborted) return;
      sendError({ response, isHead }, this.#toGateError(error, request));
    }
  }

  async #answer(call: Call, target: Target): Promise<void> {
    const { upstreams, settings } = this.#parts;
    const { namespace } = call;
    switch (target.kind) {
      case 'base':
        send(call, { headers: { 'content-type': 'application/json' }, body: '{}' });
        return;
      case 'catalog': {
        if (!settings.catalog) {
          throw new GateError('UNSUPPORTED', 'the gate does not list repositories');
        }
        return serveList(call, catalogList((await upstreams.findRegistry(namespace)).client));
      }
      case 'tags':
        return serveList(call, tagList(await upstreams.find(target.name, namespace)));
      case 'referrers': {
        const upstream = await upstreams.find(target.name, namespace);
        return serveList(call, referrerList(upstream, target.digest));
      }
      case 'manifest': {
        const upstream = await upstreams.find(target.name, namespace);
        return serveManifest(this.#parts, call, { upstream, selector: target.selector });
      }
      case 'blob': {
        const upstream = await upstreams.find(target.name, namespace);
        return this.#blobs.serve(call, { upstream, digest: target.digest });
      }
    }
  }

  #toGateError(error: unknown, { method, url }: IncomingMessage): GateError {
    if (error instanceof GateError) {
      if (error.code === 'UNAUTHORIZED') this.#parts.counters.add('unauthorized');
      return error;
    }
    this.#parts.log.error({ err: error, method, url }, 'a request to the gate failed');
    return new GateError('UNKNOWN', 'internal error of the gate; its log has the reason');
  }
}
