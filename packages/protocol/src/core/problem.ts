/** Expected errors: stable code, HTTP status, title and hint, as problem+json (RFC 9457). */
import { limits } from '../limits.ts';
import { type ProblemCode, problems } from '../problems.ts';

/** One invalid field of the request: `path` with dots and brackets, as in `inputs[0].name`. */
export interface ProblemField {
  readonly path: string;
  readonly message: string;
}

/** The body of every error response, `application/problem+json`. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly hint: string;
  readonly fields?: readonly ProblemField[];
  readonly requestId?: string;
}

interface ProblemExtras {
  readonly fields?: readonly ProblemField[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the hint of the code, where more is known. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * An expected failure, thrown inside a request, a command or a task and rendered at its edge.
 * `detail` says what was expected, what was received and what to do; it never contains a secret.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly fields: readonly ProblemField[];
  /** Extra HTTP headers of the response, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;
  readonly hint: string;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail.slice(0, limits.problemDetailChars), { cause: extras.cause });
    this.name = 'Problem';
    this.code = code;
    this.fields = (extras.fields ?? []).slice(0, limits.problemFields);
    this.headers = extras.headers ?? {};
    this.hint = extras.hint ?? problems[code].hint;
  }

  get status(): number {
    return problems[this.code].status;
  }

  toDocument(requestId?: string): ProblemDocument {
    const { status, title } = problems[this.code];
    return {
      type: `urn:lazaret:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      hint: this.hint,
      ...(this.fields.length > 0 ? { fields: this.fields } : {}),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
}

/** The value as a Problem, or undefined if it is a programming error. */
export function asProblem(error: unknown): Problem | undefined {
  return error instanceof Problem ? error : undefined;
}
