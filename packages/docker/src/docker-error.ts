import { EngineError } from './engine-error.ts';

/** Why a call to a Docker engine failed. */
export type DockerErrorCode =
  /** No connection, or it broke. */
  | 'unreachable'
  /** Connected, but no answer in time. */
  | 'deadline'
  /** The caller's signal. */
  | 'aborted'
  /** The engine refused the request; `status` and message are those of the engine. */
  | 'refused'
  | 'not_found'
  | 'conflict'
  /** A response that violates the Engine API. */
  | 'bad_answer'
  /** A response that exceeds its size limit. */
  | 'too_large'
  /** An engine that is too old or too new. */
  | 'incompatible'
  /** The address of the engine is not supported. */
  | 'invalid_endpoint';

/** A failed call to a Docker engine; the message names the call and the reason. */
export class DockerError extends EngineError<DockerErrorCode> {}
