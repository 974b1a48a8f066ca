/** Failures of the client; those of the server are `Problem`s. */
import { exitCodes } from './exit-code.ts';

interface FailureExtras {
  readonly exitCode?: number;
  /** The next step for the reader. */
  readonly hint?: string;
  readonly fields?: readonly { readonly path: string; readonly message: string }[];
  readonly cause?: unknown;
}

/** An expected failure: printed as a message and a hint, without a stack trace. */
export class Failure extends Error {
  readonly exitCode: number;
  readonly hint: string | undefined;
  readonly fields: readonly { readonly path: string; readonly message: string }[];

  constructor(message: string, extras: FailureExtras = {}) {
    super(message, { cause: extras.cause });
    this.name = 'Failure';
    this.exitCode = extras.exitCode ?? exitCodes.failure.code;
    this.hint = extras.hint;
    this.fields = extras.fields ?? [];
  }
}

/** The failure for an invalid command line. */
export function usageFailure(
  message: string,
  extras: Omit<FailureExtras, 'exitCode'> = {},
): Failure {
  return new Failure(message, { ...extras, exitCode: exitCodes.usage.code });
}

/** The code of a failed system call such as ENOENT, or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
