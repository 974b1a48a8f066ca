/** Answers requests for manifests: resolved, judged, and then exactly what was judged. */
import { SourceError } from '@lazaret/oci';
import type { Logger } from 'pino';

import type { PlacedImage } from '../registries/index.ts';
import { send, type Call } from './call.ts';
import type { Counters } from './counters.ts';
import { decidePull, decideUnavailable, type PullDecision } from './decide-pull.ts';
import type { ManifestReader, StoredManifest } from './fetch-manifest.ts';
import { upstreamError } from './gate-error.ts';
import type { GateSettings } from './gate-settings.ts';
import type { ImageJudge } from './judge-images.ts';
import { listBlobs } from './list-blobs.ts';
import type { PassedBlobs } from './passed-blobs.ts';
import { DecisionsUnavailable } from './read-image-state.ts';
import type { AnswerRecorder } from './record-answers.ts';
import type { Upstream } from './upstreams.ts';

export interface PullParts {
  readonly judge: ImageJudge;
  readonly manifests: ManifestReader;
  readonly passed: PassedBlobs;
  readonly counters: Counters;
  readonly recorder: AnswerRecorder;
  readonly health: DecisionHealth;
  readonly settings: GateSettings;
  readonly log: Logger;
  readonly monotonicMs: () => number;
}

/** Told whether decisions could be read. */
export interface DecisionHealth {
  succeeded(): void;
  failed(error: Error): void;
}

/** Throws GateError. */
export async function serveManifest(
  parts: PullParts,
  call: Call,
  { upstream, selector }: { readonly upstream: Upstream; readonly selector: string },
): Promise<void> {
  const started = parts.monotonicMs();
  const count = (outcome: PullDecision['outcome']): void =>
    parts.counters.pull(outcome, (parts.monotonicMs() - started) / 1_000);
  let manifest: StoredManifest;
  try {
    const { accept } = call.request.headers;
    manifest = await parts.manifests.read(upstream, { selector, accept, signal: call.signal });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    if (error.code === 'not_found') await refuseRemoved(parts, call, { upstream, selector, count });
    count(error.code === 'not_found' ? 'not_found' : 'failed');
    throw upstreamError(error, 'MANIFEST_UNKNOWN');
  }
  const pull = describePull(upstream, selector, manifest.digest);
  const decision = await decide(parts, call, pull);
  count(decision.outcome);
  if (decision.error !== undefined) throw decision.error;
  await rememberBlobs(parts, pull.image, manifest);
  answer(call, manifest, decision);
}

interface RemovedPull {
  readonly upstream: Upstream;
  readonly selector: string;
  readonly count: (outcome: PullDecision['outcome']) => void;
}

/** Throws the reason for an image that the quarantine took out of the registry. */
async function refuseRemoved(
  parts: PullParts,
  call: Call,
  { upstream, selector, count }: RemovedPull,
): Promise<void> {
  const digest = await parts.judge.findRemoved(upstream, selector).catch((error: unknown) => {
    if (error instanceof DecisionsUnavailable) return undefined;
    throw error;
  });
  if (digest === undefined) return;
  const { outcome, error } = await decide(parts, call, describePull(upstream, selector, digest));
  if (error === undefined) return;
  count(outcome);
  throw error;
}

export interface Pull {
  readonly image: PlacedImage;
  readonly tag: string | undefined;
  /** What the client asked for, for messages: `lab/app:1 (sha256:0123456789ab)`. */
  readonly name: string;
  /** For events. */
  readonly subject: string;
}

export function describePull(upstream: Upstream, selector: string, digest: string): Pull {
  const { registry, repository } = upstream;
  const tag = selector.includes(':') ? undefined : selector;
  const named = tag === undefined ? repository : `${repository}:${tag}`;
  return {
    image: { registry, repository, digest },
    tag,
    name: `${named} (${digest.slice(0, digest.indexOf(':') + 13)})`,
    subject: `${registry.address}/${named}@${digest}`,
  };
}

async function decide(parts: PullParts, call: Call, pull: Pull): Promise<PullDecision> {
  const { judge, settings, recorder, health } = parts;
  const { actor, signal } = call;
  const { registry } = pull.image;
  const address = call.request.socket.remoteAddress ?? '';
  const event = { subject: pull.subject, actor, project: registry.project } as const;
  const data = { registry: registry.name, address };
  try {
    const request = { tag: pull.tag, actor, waitMs: settings.waitMs, signal };
    const found = await judge.judge(pull.image, request);
    health.succeeded();
    const decision = decidePull(found, pull.name, settings);
    const { error, outcome } = decision;
    const { reason, verdict, policy } = found;
    if (error !== undefined && (outcome === 'denied' || outcome === 'held') && !signal.aborted) {
      const why = { reason, verdict, policy, decision: found.decision };
      recorder.record({ ...event, type: `pull.${outcome}`, data: { ...data, ...why } });
    }
    return decision;
  } catch (error) {
    if (!(error instanceof DecisionsUnavailable)) throw error;
    health.failed(error);
    const decision = decideUnavailable(pull.name, settings);
    if (decision.error === undefined) {
      recorder.owe({ ...event, type: 'pull.bypassed', data });
      // The event waits in memory for the database: the log has it even if the process is killed.
      parts.log.warn({ image: pull.subject, actor, address }, 'a pull passed without a decision');
    }
    return decision;
  }
}

async function rememberBlobs(
  { passed, settings, log }: PullParts,
  image: PlacedImage,
  { bytes }: StoredManifest,
): Promise<void> {
  try {
    await passed.add(image, listBlobs(bytes));
  } catch (error) {
    if (!(error instanceof DecisionsUnavailable)) throw error;
    // This process serves the blobs; another one would read the manifest again.
    log.warn({ err: error, digest: image.digest }, 'blobs of a manifest were not recorded');
    if (settings.unavailable === 'deny') {
      const { error: refused } = decideUnavailable(image.repository, settings);
      if (refused !== undefined) throw refused;
    }
  }
}

function answer(call: Call, manifest: StoredManifest, decision: PullDecision): void {
  const { digest, mediaType, bytes } = manifest;
  const etag = `"${digest}"`;
  const headers = {
    'docker-content-digest': digest,
    etag,
    ...(decision.warning !== undefined && { warning: warningHeader(decision.warning) }),
  };
  if (call.request.headers['if-none-match'] === etag) {
    call.response.writeHead(304, headers).end();
    return;
  }
  send(call, { headers: { ...headers, 'content-type': mediaType }, body: bytes });
}

/** As the distribution specification has it; ASCII without quotes. */
function warningHeader(text: string): string {
  const plain = text.replaceAll(/[^\u0020-\u007e]/g, '?').replaceAll(/["\\]/g, "'");
  return `299 - "${plain}"`;
}
