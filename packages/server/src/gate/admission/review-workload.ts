/**
 * Reviews a workload: every image of its containers is found in the registries of the gate, its tag
 * is read, and the decision about its digest is that of a pull. All images are judged at the same
 * time, within one deadline.
 */
import { parseReference, SourceError } from '@lazaret/oci';

import { findUpstream } from '../check-image.ts';
import { decidePull, decideUnavailable, type PullDecision } from '../decide-pull.ts';
import { GateError } from '../gate-error.ts';
import type { Judgement } from '../judge.ts';
import { DecisionsUnavailable } from '../read-image-state.ts';
import { describePull, type Pull, type PullParts } from '../serve-manifest.ts';
import type { Upstream, Upstreams } from '../upstreams.ts';
import type { ReviewAnswer, ReviewRequest } from './review.ts';
import { InvalidWorkload, listNewImages, type WorkloadImage } from './workload-images.ts';

export interface ReviewParts extends PullParts {
  readonly upstreams: Upstreams;
}

export interface ReviewContext {
  readonly waitMs: number;
  /** Aborts when the API server gives up. */
  readonly signal: AbortSignal;
  /** Aborts a moment before that, so that the answer says why. */
  readonly deadline: AbortSignal;
}

export async function reviewWorkload(
  parts: ReviewParts,
  request: ReviewRequest,
  context: ReviewContext,
): Promise<ReviewAnswer> {
  // Nothing that is removed starts a container.
  if (request.operation === 'DELETE') return { allowed: true, message: '', warnings: [] };
  try {
    const images = listNewImages(request.object, request.oldObject);
    const reviews = images.map((one) => reviewImage(parts, one, { ...context, request }));
    return merge(await Promise.all(reviews));
  } catch (error) {
    if (!(error instanceof InvalidWorkload)) throw error;
    return { allowed: false, message: error.message, warnings: [] };
  }
}

interface ImageReview {
  readonly denied?: string;
  readonly warning?: string;
}

function merge(reviews: readonly ImageReview[]): ReviewAnswer {
  const denied = reviews.flatMap((one) => one.denied ?? []);
  const warnings = reviews.flatMap((one) => one.warning ?? []);
  return { allowed: denied.length === 0, message: denied.join('; '), warnings };
}

async function reviewImage(
  parts: ReviewParts,
  { place, image }: WorkloadImage,
  context: ReviewContext & { readonly request: ReviewRequest },
): Promise<ImageReview> {
  let pull: Pull;
  try {
    pull = await resolve(parts, image, context);
  } catch (error) {
    if (!(error instanceof GateError) && !(error instanceof SourceError)) throw error;
    const message = `${place}: ${image}: ${error.message}`;
    return isUnknown(error) ? unknown(parts, message) : unavailable(parts, message);
  }
  const decision = await decide(parts, pull, context);
  const { error, warning } = decision;
  if (error === undefined) return warning === undefined ? {} : { warning: `${place}: ${warning}` };
  const { registry } = pull.image;
  if (!context.request.isDryRun) {
    parts.recorder.record({
      ...{ type: 'admission.denied', subject: pull.subject, actor: 'kubernetes' },
      project: registry.project,
      data: {
        ...{ registry: registry.name, place, workload: context.request.workload },
        ...{ user: context.request.user, reason: error.message, outcome: decision.outcome },
      },
    });
  }
  return { denied: `${place}: ${error.message}` };
}

/**
 * The registry and digest of a reference now. What the quarantine took out of the registry is found
 * by its record, and a digest that the registry cannot be asked about by its decision. Throws
 * GateError, SourceError.
 */
async function resolve(
  parts: ReviewParts,
  image: string,
  { signal, deadline }: ReviewContext,
): Promise<Pull> {
  const reference = parseReference(image);
  const upstream = await findUpstream(parts, reference);
  const selector = reference.digest ?? reference.tag ?? 'latest';
  const query = { selector, accept: undefined, signal: deadline };
  const digest = await parts.manifests.read(upstream, query).then(
    (manifest) => manifest.digest,
    async (error: unknown) => {
      const known = await findKnown(parts, { upstream, selector }).catch(() => undefined);
      if (known !== undefined) return known;
      signal.throwIfAborted();
      if (!deadline.aborted) throw error;
      const { address } = upstream.registry;
      throw new SourceError('unreachable', `${address} did not answer within the time of a review`);
    },
  );
  return describePull(upstream, reference.digest === undefined ? selector : digest, digest);
}

async function findKnown(
  { judge }: ReviewParts,
  { upstream, selector }: { readonly upstream: Upstream; readonly selector: string },
): Promise<string | undefined> {
  const removed = await judge.findRemoved(upstream, selector);
  if (removed !== undefined || !selector.includes(':')) return removed;
  const { registry, repository } = upstream;
  const { basis } = await judge.look({ registry, repository, digest: selector });
  return basis === 'unknown' ? undefined : selector;
}

/** No registry of the gate, or nothing in it; not a registry that fails. */
function isUnknown(error: GateError | SourceError): boolean {
  if (error instanceof GateError) return error.code !== 'UNAVAILABLE';
  return ['not_found', 'invalid_reference'].includes(error.code);
}

/** By the option for images of other registries, and for what cannot be found. */
function unknown({ settings }: ReviewParts, message: string): ImageReview {
  if (settings.admissionUnknown === 'allow') return {};
  return settings.admissionUnknown === 'warn' ? { warning: message } : { denied: message };
}

/** The digest of an image cannot be found out now: as while decisions cannot be read. */
function unavailable({ settings }: ReviewParts, message: string): ImageReview {
  return settings.unavailable === 'allow' ? { warning: message } : { denied: message };
}

async function decide(
  { judge, settings, health }: ReviewParts,
  pull: Pull,
  { request, waitMs, deadline }: ReviewContext & { readonly request: ReviewRequest },
): Promise<PullDecision> {
  try {
    const asked = { tag: pull.tag, actor: 'kubernetes', waitMs, signal: deadline };
    // A dry run has no side effects, such as an inspection.
    const found = request.isDryRun
      ? withoutInspection(await judge.look(pull.image))
      : await judge.judge(pull.image, asked);
    health.succeeded();
    return decidePull(found, pull.name, settings);
  } catch (error) {
    if (!(error instanceof DecisionsUnavailable)) throw error;
    health.failed(error);
    return decideUnavailable(pull.name, settings);
  }
}

/** Trying again would not help: nothing was requested. */
function withoutInspection(found: Judgement): Judgement {
  if (!found.needsInspection) return found;
  const reason = `${found.reason}, and a dry run does not have it inspected`;
  return { ...found, reason, isPending: false };
}
