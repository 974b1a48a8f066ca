/**
 * The declaration of an API operation. Routes, validation, permission checks, OpenAPI, the typed
 * client, CLI commands and console requests derive from it.
 */
import type { z } from 'zod';

import type { Permission } from '../permissions.ts';
import type { ProblemCode } from '../problems.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call: anyone, anyone signed in, or holders of a permission. */
export type Access = 'public' | 'signed-in' | Permission;

/** The request body: JSON by schema, or streamed bytes (raw or multipart). */
export type BodyKind = 'none' | 'json' | 'bytes';

/** The response body: JSON by schema, bytes, text, server-sent events, or nothing. */
export type OutputKind = 'json' | 'bytes' | 'text' | 'events' | 'empty';

/** Heading of the operations with the same first part of the name (`jobs.submit`). */
export interface OperationTag {
  readonly title: string;
  readonly description: string;
}

type Fields = z.ZodType<Record<string, unknown>>;

/** The CLI command. Path parameters are positional, the rest are flags. */
export interface CliName {
  /** Words after `lazaret`, as in `users add`. */
  readonly command: string;
  /** Shorter names of the same command. */
  readonly shortcuts?: readonly string[];
  /** Body or query fields that are positional instead of flags, in order. */
  readonly positional?: readonly string[];
  /** Query fields that may also follow the other arguments, besides their flags. */
  readonly optionalArguments?: readonly string[];
  /** Columns of the table, as paths into an item; the first besides `severity` is the identity. */
  readonly columns?: readonly string[];
  /** Requires confirmation unless `--yes` is given. */
  readonly confirm?: boolean;
}

export interface Operation<
  Params extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  /** `noun.verb`, unique. */
  readonly name: string;
  readonly method: Method;
  /** Additional methods that do the same, as PUT and POST for a legacy upload. */
  readonly alsoMethods?: readonly Method[];
  /** Path with `:parameters`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: Params;
  readonly query?: Query;
  readonly bodyKind: BodyKind;
  readonly body?: Body;
  readonly outputKind: OutputKind;
  readonly output?: Output;
  /** Status of success; 200 unless given. */
  readonly status?: number;
  /** Problems beyond those that every operation can return. */
  readonly errors: readonly ProblemCode[];
  readonly cli?: CliName;
  /** Ignores form fields next to the file part of a multipart body; others reject them. */
  readonly ignoresFormFields?: boolean;
  /** Allowed without a CSRF token (operations that start a session). */
  readonly csrfExempt?: boolean;
}

type Declared<P extends Fields, Q extends Fields, B extends z.ZodType, O extends z.ZodType> = Omit<
  Operation<P, Q, B, O>,
  'bodyKind' | 'outputKind' | 'errors'
> & {
  readonly bodyKind?: BodyKind;
  readonly outputKind?: OutputKind;
  readonly errors?: readonly ProblemCode[];
};

/** Declares an operation. A body schema implies JSON, as does an output schema. */
export function defineOperation<
  P extends Fields = z.ZodType<Record<string, never>>,
  Q extends Fields = z.ZodType<Record<string, never>>,
  B extends z.ZodType = z.ZodType<undefined>,
  O extends z.ZodType = z.ZodType<undefined>,
>(row: Declared<P, Q, B, O>): Operation<P, Q, B, O> {
  return {
    ...row,
    bodyKind: row.bodyKind ?? (row.body === undefined ? 'none' : 'json'),
    outputKind: row.outputKind ?? (row.output === undefined ? 'empty' : 'json'),
    errors: row.errors ?? [],
  };
}

/** What a handler receives after validation. */
export interface OperationInput<O extends Operation> {
  readonly params: z.output<NonNullable<O['params']>>;
  readonly query: z.output<NonNullable<O['query']>>;
  readonly body: z.output<NonNullable<O['body']>>;
}

/** Bytes to upload; a FormData makes a multipart body. */
export type UploadBody = ReadableStream<Uint8Array> | Uint8Array | Blob | FormData | string;

/** What a caller sends, before defaults and transforms. */
export interface OperationCall<O extends Operation> {
  readonly params?: z.input<NonNullable<O['params']>>;
  readonly query?: z.input<NonNullable<O['query']>>;
  readonly body?: UploadBody | z.input<NonNullable<O['body']>>;
}

/** The JSON response that a handler returns and a caller gets. */
export type OperationOutput<O extends Operation> = z.output<NonNullable<O['output']>>;

/** The path with its parameters inserted and escaped. */
export function buildPath(path: string, params: Readonly<Record<string, unknown>> = {}): string {
  return path.replaceAll(/:([A-Za-z][A-Za-z0-9]*)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`path ${path} needs the parameter ${name}`);
    return encodeURIComponent(String(value));
  });
}
