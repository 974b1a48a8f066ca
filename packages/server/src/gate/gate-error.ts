/** Errors in the form of the distribution specification, which clients print. */
import { TransientError, type SourceError } from '@lazaret/oci';

import { gateLimits } from './limits.ts';

/** Codes of the specification, and `UNAVAILABLE` of Docker's registry. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'TOOMANYREQUESTS'
  | 'UNAUTHORIZED'
  | 'UNAVAILABLE'
  | 'UNKNOWN'
  | 'UNSUPPORTED';

const statuses: Readonly<Record<RegistryErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNAVAILABLE: 503,
  UNKNOWN: 502,
  UNSUPPORTED: 405,
};

export class GateError extends Error {
  readonly code: RegistryErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly detail: unknown;

  constructor(
    code: RegistryErrorCode,
    message: string,
    about: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly detail?: unknown;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.headers = about.headers ?? {};
    this.detail = about.detail;
  }

  get status(): number {
    return statuses[this.code];
  }

  get body(): string {
    const { code, message, detail } = this;
    return JSON.stringify({
      errors: [{ code, message, ...(detail !== undefined && { detail }) }],
    });
  }
}

/** The header that asks a client to try again. */
export function retryLater(seconds: number = gateLimits.retryAfterSeconds): {
  readonly 'retry-after': string;
} {
  return { 'retry-after': String(seconds) };
}

/** A failure of the registry behind the gate, for the client. */
export function upstreamError(
  error: SourceError,
  unknown: 'BLOB_UNKNOWN' | 'MANIFEST_UNKNOWN' | 'NAME_UNKNOWN',
): GateError {
  const { code, message } = error;
  if (code === 'not_found') return new GateError(unknown, message);
  if (code === 'unauthorized') return new GateError('DENIED', message);
  const afterMs = error instanceof TransientError ? (error.afterMs ?? 0) : 0;
  const later = retryLater(Math.max(1, Math.ceil(afterMs / 1_000)));
  if (code === 'rate_limited') return new GateError('TOOMANYREQUESTS', message, { headers: later });
  if (code === 'unreachable') return new GateError('UNAVAILABLE', message, { headers: later });
  return new GateError('UNKNOWN', message);
}
