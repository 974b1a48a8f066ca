/** Errors of image sources. */

export type SourceErrorCode =
  /** The reference is syntactically invalid. */
  | 'invalid_reference'
  | 'not_found'
  | 'unauthorized'
  | 'unreachable'
  | 'rate_limited'
  | 'damaged'
  | 'unsupported'
  | 'digest_mismatch'
  | 'too_large'
  | 'no_such_platform';

/** The setting that may fix a failed connection; callers know the name of the setting. */
export type SourceRemedy =
  /** Use plain HTTP for the host. */
  | 'plain_http'
  /** Use TLS for the host. */
  | 'tls'
  /** Trust the certificate authority of the host, or skip verification. */
  | 'trust'
  /** Present a client certificate. */
  | 'client_certificate';

export interface SourceErrorOptions extends ErrorOptions {
  readonly remedy?: SourceRemedy | undefined;
}

/** A source cannot provide what was requested; the message says why. */
export class SourceError extends Error {
  readonly code: SourceErrorCode;
  readonly remedy: SourceRemedy | undefined;

  constructor(code: SourceErrorCode, message: string, options: SourceErrorOptions = {}) {
    super(message, options);
    this.name = 'SourceError';
    this.code = code;
    this.remedy = options.remedy;
  }
}

interface TransientOptions extends SourceErrorOptions {
  readonly afterMs?: number | undefined;
}

/** A failure that may be temporary, so that a retry may help. */
export class TransientError extends SourceError {
  /** The delay that the registry requested (Retry-After). */
  readonly afterMs: number | undefined;

  constructor(code: SourceErrorCode, message: string, options: TransientOptions = {}) {
    super(code, message, options);
    this.afterMs = options.afterMs;
  }
}
