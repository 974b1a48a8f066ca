/** A route: an operation and its handler. */
import type { Readable } from 'node:stream';

import type { Operation, OperationInput, OperationOutput } from '@lazaret/protocol';

import type { Principal } from '../principal.ts';

/** An uploaded file, as a stream. */
export interface Upload {
  /** The name from the client, or empty. */
  readonly name: string;
  readonly stream: Readable;
  /** Size that the client announced for exactly this file. */
  readonly declaredBytes: number | undefined;
}

/** Bytes of a download. Always an attachment, never shown by the browser. */
export interface Download {
  readonly name: string;
  readonly sizeBytes: number | undefined;
  /** Strong validator; a content digest. */
  readonly etag?: string;
  open(range: { start: number; end: number } | undefined): Promise<Readable> | Readable;
}

/** One server-sent event. */
export interface OutgoingEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

export interface CallContext {
  /** The caller. For a running stream it changes with its grants: read it for each check. */
  readonly principal: Principal;
  readonly requestId: string;
  /** The client's address, from the header of a trusted proxy if configured. */
  readonly address: string;
  /** Aborts when the client disconnects, or is no longer permitted to read a stream. */
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** All values of every header by its name in lower case, repeated ones too. */
  readonly distinctHeaders: Readonly<Record<string, readonly string[] | undefined>>;
  /** Path and query as the client sent them. */
  readonly url: string;
  /** The uploaded file of a bytes operation; at most once. */
  upload(): Promise<Upload>;
  setHeader(name: string, value: string | string[]): void;
}

export type Answer<O extends Operation> = O['outputKind'] extends 'json'
  ? OperationOutput<O>
  : O['outputKind'] extends 'empty'
    ? void
    :
        | OperationOutput<O>
        | Download
        | AsyncIterable<OutgoingEvent>
        | AsyncIterable<string>
        | string
        | void;

export type Handler<O extends Operation> = (
  input: OperationInput<O>,
  context: CallContext,
) => Promise<Answer<O>> | Answer<O>;

export interface Route {
  readonly operation: Operation;
  readonly handler: Handler<Operation>;
}

/** Binds a handler to its row, typed by the row. */
export function route<O extends Operation>(operation: O, handler: Handler<O>): Route {
  return { operation, handler: handler as unknown as Handler<Operation> };
}
