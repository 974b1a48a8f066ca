/** One request to the gate, and how it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { GateError } from './gate-error.ts';

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly isHead: boolean;
  /** Who asks, after authentication. */
  readonly actor: string;
  /** The registry that a client of a mirror asks for. */
  readonly namespace: string | undefined;
  /** Aborts when the client disconnects before the answer is complete. */
  readonly signal: AbortSignal;
}

/** Aborts when the client is gone. */
export function watchClient(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client disconnected'));
  });
  return gone.signal;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export function send({ response, isHead }: Pick<Call, 'response' | 'isHead'>, reply: Reply): void {
  const { status = 200, headers = {}, body = '' } = reply;
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-length': length, ...headers });
  response.end(isHead ? undefined : body);
}

export function sendError(call: Pick<Call, 'response' | 'isHead'>, error: GateError): void {
  // What was promised cannot be taken back: the client sees a truncated answer.
  if (call.response.headersSent) {
    call.response.destroy();
    return;
  }
  const headers = { 'content-type': 'application/json', ...error.headers };
  send(call, { status: error.status, headers, body: error.body });
}
