/** Responses to invalid HTTP: after a parser error there is a socket and no request. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { Problem } from '@lazaret/protocol';

import { newId } from '../ids.ts';

/** Writes a problem and ends the connection. */
export function refuseSocket(error: Error & { readonly code?: string }, socket: Socket): void {
  // In the middle of another response, anything written would become part of it.
  const isAnswering = (socket as Socket & { readonly _httpMessage?: ServerResponse | null })
    ._httpMessage?.headersSent;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering === true) {
    socket.destroy();
    return;
  }
  const problem = describe(error);
  const id = newId();
  const body = JSON.stringify(problem.toDocument(id));
  socket.end(
    `HTTP/1.1 ${problem.status} Refused\r\nconnection: close\r\nx-request-id: ${id}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\nx-content-type-options: nosniff\r\n' +
      `cache-control: no-store\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function describe({ code }: { readonly code?: string }): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('upload_timeout', 'the headers of the request did not arrive in time');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('invalid_request', 'the address and headers of the request are too long');
  }
  return new Problem('invalid_request', 'expected a request in HTTP/1.1, received something else');
}
