/**
 * Reviews a workload: every image of its containers is found in the registries of the gate, its tag
 * is read, and the decision about its digest is that of a pull. All images are judged at the same
 * time, within one deadline.
 */
import { parseReference, SourceError } from '@lazaret/oci';

import { findUpstream } from '../check-image.ts';
import { decidePull, decideUnavailable, type PullDecision } from '../decide-pull.ts';
import { GateError } from '../gate-error.ts';
import { DecisionsUnavailable } from '../read-image-state.ts';
import { describePull, type Pull, type PullParts } from '../serve-manifest.ts';
import type { Upstreams } from '../upstreams.ts';
import type { ReviewAnswer, ReviewRequest } from './review.ts';
import { InvalidWorkload, listNewImages, type WorkloadImage } from './workload-images.ts';

export interface ReviewParts extends PullParts {
  readonly upstreams: Upstreams;
}

export interface ReviewContext {
  readonly waitMs: number;
  /** Aborts when the API server gives up. */
  readonly signal: AbortSignal;
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
    pull = await resolve(parts, image, context.signal);
  } catch (error) {
    if (!(error instanceof GateError) && !(error instanceof SourceError)) throw error;
    return unknown(parts, `${place}: ${image}: ${error.message}`);
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

/** The registry and digest of a reference now. Throws GateError, SourceError. */
async function resolve(parts: ReviewParts, image: string, signal: AbortSignal): Promise<Pull> {
  const reference = parseReference(image);
  const upstream = await findUpstream(parts, reference);
  const selector = reference.digest ?? reference.tag ?? 'latest';
  const { digest } = await parts.manifests.read(upstream, { selector, accept: undefined, signal });
  return describePull(upstream, reference.digest === undefined ? selector : digest, digest);
}

/** By the option for images of other registries, and for what cannot be found. */
function unknown({ settings }: ReviewParts, message: string): ImageReview {
  if (settings.admissionUnknown === 'allow') return {};
  return settings.admissionUnknown === 'warn' ? { warning: message } : { denied: message };
}

async function decide(
  { judge, settings, health }: ReviewParts,
  pull: Pull,
  { request, waitMs, signal }: ReviewContext & { readonly request: ReviewRequest },
): Promise<PullDecision> {
  try {
    const asked = { tag: pull.tag, actor: 'kubernetes', waitMs, signal };
    // A dry run has no side effects, such as an inspection.
    const found = request.isDryRun
      ? await judge.look(pull.image)
      : await judge.judge(pull.image, asked);
    health.succeeded();
    return decidePull(found, pull.name, settings);
  } catch (error) {
    if (!(error instanceof DecisionsUnavailable)) throw error;
    health.failed(error);
    return decideUnavailable(pull.name, settings);
  }
}
