/** AdmissionReview v1: reading the request and writing the response. Pure. */
import { isRecord, parseUntrustedObject, SourceError } from '@lazaret/oci';

import { oneLine } from '../decide-pull.ts';
import { gateLimits } from '../limits.ts';

export interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly isDryRun: boolean;
  /** `namespace/name`, for events. */
  readonly workload: string;
  readonly user: string;
}

export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly message: string;
  readonly warnings: readonly string[];
}

const apiVersion = 'admission.k8s.io/v1';

/** Throws SourceError with what was expected. */
export function parseReview(bytes: Buffer): ReviewRequest {
  const what = 'the AdmissionReview';
  const review = parseUntrustedObject(bytes, { what, maxBytes: gateLimits.reviewBytes });
  const { request } = review;
  if (review['apiVersion'] !== apiVersion || review['kind'] !== 'AdmissionReview') {
    const found = JSON.stringify(review['apiVersion'])?.slice(0, 80);
    throw new SourceError(
      'unsupported',
      `expected an AdmissionReview of ${apiVersion}, got ${found}`,
    );
  }
  if (!isRecord(request) || typeof request['uid'] !== 'string') {
    throw new SourceError('damaged', `${what} has no request with a uid`);
  }
  const { uid, operation, object, oldObject, dryRun, namespace, name, userInfo } = request;
  const user = isRecord(userInfo) ? text(userInfo['username']) : '';
  return {
    ...{ uid, operation: text(operation), object, oldObject, isDryRun: dryRun === true },
    workload: `${text(namespace)}/${text(name) || generatedName(object)}`,
    user,
  };
}

/** Pods of controllers get their name after the review. */
function generatedName(object: unknown): string {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  if (!isRecord(metadata)) return '';
  return text(metadata['name']) || `${text(metadata['generateName'])}*`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 253) : '';
}

export function formatReview(uid: string, { allowed, message, warnings }: ReviewAnswer): string {
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      ...{ uid, allowed },
      ...(!allowed && { status: { code: 403, reason: 'Forbidden', message: oneLine(message) } }),
      ...(warnings.length > 0 && { warnings: warnings.slice(0, gateLimits.warnings).map(short) }),
    },
  });
}

/** The API server cuts longer ones. */
function short(warning: string): string {
  const line = oneLine(warning);
  return line.length > gateLimits.warningChars
    ? `${line.slice(0, gateLimits.warningChars)}...`
    : line;
}
