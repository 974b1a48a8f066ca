/** What can go wrong between this process and clamd. */

export type ClamdErrorCode =
  /** Nobody listens, or not in time. */
  | 'unreachable'
  /** The connection ended before the answer. */
  | 'cut'
  | 'timed_out'
  | 'aborted'
  /** An answer that is none of the protocol's. */
  | 'bad_answer';

export class ClamdError extends Error {
  readonly code: ClamdErrorCode;

  constructor(code: ClamdErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClamdError';
    this.code = code;
  }
}
