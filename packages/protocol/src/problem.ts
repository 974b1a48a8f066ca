/**
 * Every error that a user can meet, once: stable code, HTTP status, title, and a hint for the
 * reader. Answers are problem+json (RFC 9457). `docs/errors.md` lists the same table, held by a
 * test.
 */
import { limits } from './limits.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
}

export const problems = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    hint: 'Correct the fields that are listed; the API reference shows what each expects.',
  },
  malformed_body: {
    status: 400,
    title: 'The body could not be read',
    hint: 'Send well-formed UTF-8 JSON, or raw bytes where an upload is expected.',
  },
  incomplete_upload: {
    status: 400,
    title: 'The upload ended early',
    hint: 'Nothing was kept. Send the file again.',
  },
  invalid_manifest: {
    status: 400,
    title: 'The engine manifest is not valid',
    hint: 'Correct the field that is named, then check with `lazaret engines validate FILE`.',
  },
  invalid_parameters: {
    status: 400,
    title: 'The parameters do not fit the engine',
    hint: 'The engine page shows the schema of its parameters.',
  },
  invalid_input: {
    status: 400,
    title: 'The inputs do not fit the engine',
    hint: 'The engine page says how many inputs it takes, of which kind and size.',
  },
  invalid_reference: {
    status: 400,
    title: 'That reference is not inspected here',
    hint: 'Name an image of a registry, as in registry.lab/app:1.2 or app@sha256:DIGEST; the operator of the server can allow what the detail names.',
  },
  invalid_configuration: {
    status: 400,
    title: 'The configuration is not valid',
    hint: 'Run `lazaret config check` and correct what it names.',
  },
  checksum_mismatch: {
    status: 400,
    title: 'The content does not have the expected digest',
    hint: 'Nothing was kept. The file changed on its way, or the digest is of another file.',
  },
  setup_link_invalid: {
    status: 400,
    title: 'The sign-in link is used up, expired or wrong',
    hint: 'Make a new one on the server: `lazaret users link NAME`.',
  },
  weak_password: {
    status: 400,
    title: 'The password is too weak',
    hint: `Use at least ${limits.passwordCharsMin} characters that are not the user name.`,
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    hint: 'Sign in to the console, or send `Authorization: Bearer TOKEN` (see `lazaret tokens`).',
  },
  wrong_credentials: {
    status: 401,
    title: 'Name or password is wrong',
    hint: 'Check both. An administrator can set a new password.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    hint: 'Ask an administrator for the role that the detail names.',
  },
  csrf_failed: {
    status: 403,
    title: 'The request lacks the proof that this console sent it',
    hint: 'Reload the console and try again.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    hint: 'It does not exist, or it belongs to a project that you cannot see.',
  },
  no_result: {
    status: 404,
    title: 'There is no result',
    hint: 'Look at the state and the log of the job.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This path does not take that method',
    hint: 'The header Allow names the methods that it takes.',
  },
  conflict: {
    status: 409,
    title: 'That does not fit the present state',
    hint: 'Read the resource again, then decide.',
  },
  already_exists: {
    status: 409,
    title: 'That name is taken',
    hint: 'Choose another name, or change what exists.',
  },
  last_administrator: {
    status: 409,
    title: 'The last administrator stays',
    hint: 'Make another user administrator first.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'That Idempotency-Key was used for another request',
    hint: 'Use a new key for a new request.',
  },
  lease_lost: {
    status: 409,
    title: 'The attempt belongs to another worker now',
    hint: 'Nothing to do: the late answer was refused and the present attempt goes on.',
  },
  engine_disabled: {
    status: 409,
    title: 'The engine is disabled',
    hint: 'An operator can enable it: `lazaret engines enable NAME`.',
  },
  payload_too_large: {
    status: 413,
    title: 'Too large',
    hint: 'Nothing was kept. The detail names the cap; the engine manifest can raise it.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'That content type is not taken here',
    hint: 'Send application/json, or raw bytes or multipart/form-data for an upload.',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'The range lies outside the content',
    hint: 'Ask for a range inside the size that Content-Range names.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    hint: 'Wait for the time in Retry-After, then go on.',
  },
  upload_timeout: {
    status: 408,
    title: 'The upload stalled',
    hint: 'Nothing was kept. Send the file again over a steadier connection.',
  },
  internal_error: {
    status: 500,
    title: 'Lazaret failed',
    hint: 'The log has the details under the request id.',
  },
  blob_damaged: {
    status: 500,
    title: 'Stored content is damaged',
    hint: 'Restore it from a backup, or submit the file again.',
  },
  storage_full: {
    status: 507,
    title: 'The disk is full',
    hint: 'Free room in the data directory, or shorten the retention.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database does not answer',
    hint: 'It is restarted by itself when it is embedded; otherwise look at DATABASE_URL.',
  },
  database_newer: {
    status: 503,
    title: 'The database belongs to a newer Lazaret',
    hint: 'Start the newer version, or restore the backup made before the upgrade.',
  },
  database_failed: {
    status: 503,
    title: 'The embedded database could not be started',
    hint: 'The detail names the log file of the database.',
  },
  database_version: {
    status: 503,
    title: 'The version of PostgreSQL does not fit',
    hint: 'The detail names the version found and the version needed.',
  },
  database_migrations: {
    status: 503,
    title: 'The migrations do not match the database',
    hint: 'Install the program unchanged, or restore the database that belongs to it.',
  },
  data_directory_unusable: {
    status: 503,
    title: 'The data directory cannot be used',
    hint: 'Correct what the detail names, or start with another --data directory.',
  },
  blob_key_mismatch: {
    status: 503,
    title: 'The key does not open the stored content',
    hint: 'Configure the key with which the content was stored.',
  },
  data_directory_in_use: {
    status: 409,
    title: 'Another Lazaret runs on this data directory',
    hint: 'Stop it first, or start this one with another --data directory.',
  },
  address_in_use: {
    status: 409,
    title: 'The address is taken',
    hint: 'Choose another with --listen, or leave it out to take the next free port.',
  },
  container_engine_unavailable: {
    status: 503,
    title: 'The container engine does not answer',
    hint: 'Start Docker, or correct the node in the configuration; `lazaret nodes` shows each.',
  },
  container_engine_refused: {
    status: 502,
    title: 'The container engine refused',
    hint: 'The detail holds its words.',
  },
  image_not_found: {
    status: 400,
    title: 'The image is not on the node and cannot be pulled',
    hint: 'Build or load the image on the node, or name one with its registry.',
  },
  unavailable: {
    status: 503,
    title: 'Not ready',
    hint: 'Try again shortly; /readyz says what is missing.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problems;

/** One field of the request that is wrong: `path` in dots and brackets, as in `inputs[0].name`. */
export interface ProblemField {
  readonly path: string;
  readonly message: string;
}

/** The body of every error answer, `application/problem+json`. */
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
  readonly cause?: unknown;
}

/**
 * An expected failure, thrown inside a request, a command or a task and rendered at its edge.
 * `detail` says what was expected, what came and what to do; it never carries a secret.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly fields: readonly ProblemField[];
  /** Extra HTTP headers of the answer, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail.slice(0, limits.problemDetailChars), { cause: extras.cause });
    this.name = 'Problem';
    this.code = code;
    this.fields = (extras.fields ?? []).slice(0, limits.problemFields);
    this.headers = extras.headers ?? {};
  }

  get status(): number {
    return problems[this.code].status;
  }

  get hint(): string {
    return problems[this.code].hint;
  }

  toDocument(requestId?: string): ProblemDocument {
    const { status, title, hint } = problems[this.code];
    return {
      type: `urn:lazaret:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      hint,
      ...(this.fields.length > 0 ? { fields: this.fields } : {}),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
}

/** The problem that a caught value stands for, or undefined when it is a programmer's error. */
export function asProblem(error: unknown): Problem | undefined {
  return error instanceof Problem ? error : undefined;
}
