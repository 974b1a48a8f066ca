/** Errors of the communication with clamd. */

export type ClamdErrorCode =
  /** No connection, or not in time. */
  | 'unreachable'
  /** The connection ended before the answer. */
  | 'cut'
  | 'timed_out'
  | 'aborted'
  /** A reply that violates the protocol. */
  | 'bad_answer';

export class ClamdError extends Error {
  readonly code: ClamdErrorCode;

  constructor(code: ClamdErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClamdError';
    this.code = code;
  }
}
