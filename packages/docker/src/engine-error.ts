/**
 * A failed call to a container engine, with a code: what the errors of the client and of an
 * executor have in common.
 */
export abstract class EngineError<Code extends string> extends Error {
  readonly code: Code;
  /** HTTP status of the engine's response, if it responded. */
  readonly status: number | undefined;

  constructor(
    code: Code,
    message: string,
    extras: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: extras.cause });
    this.name = new.target.name;
    this.code = code;
    this.status = extras.status;
  }

  /** The engine may be down: the state of its containers is unknown. */
  get isUnreachable(): boolean {
    return this.code === 'unreachable' || this.code === 'deadline';
  }
}
