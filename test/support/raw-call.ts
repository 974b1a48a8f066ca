/** Raw HTTP calls: the path, headers and bytes are sent unchanged. */
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

import { problems, type ProblemCode, type ProblemDocument } from '@lazaret/protocol';

import { repository } from './instance.ts';

export interface RawCall {
  readonly method: string;
  /** With its query, escaped or not. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const patienceMs = 15_000;

/** One call over a separate connection; of an opened stream, only its head. */
export function rawCall(url: string, call: RawCall): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { method, path, headers, body } = call;
  return new Promise((resolve, reject) => {
    // Sent for every method: a body without a length would be parsed as the next request.
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const all = { ...length, ...headers };
    const outgoing = request({ hostname, port, method, path, agent: false, headers: all });
    const timer = setTimeout(() => {
      outgoing.destroy(new Error(`no answer to ${method} ${path.slice(0, 100)}`));
    }, patienceMs);
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.on('response', (response) => {
      // Anything after the response, such as a reset of an unread body, is ignored.
      outgoing.removeAllListeners('error').on('error', () => undefined);
      const chunks: Buffer[] = [];
      const done = (): void => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        outgoing.destroy();
      };
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) done();
      else response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', done);
      response.on('error', done);
    });
    outgoing.end(body);
  });
}

/** Writes bytes to a socket and reads until the server ends the connection. */
export function rawBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let got = '';
    const timer = setTimeout(() => socket.destroy(new Error(`no end after ${got}`)), patienceMs);
    socket.on('data', (chunk) => (got += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(got);
    });
    socket.write(bytes, 'latin1');
  });
}

/** The error of a refusal; undefined when it is a valid problem of the table. */
export function faultOf(answer: RawAnswer, requestId?: string): string | undefined {
  const { status, headers, text } = answer;
  if (headers['content-type'] !== 'application/problem+json; charset=utf-8') {
    return `content type ${headers['content-type']} at ${status}`;
  }
  const problem = JSON.parse(text) as Partial<ProblemDocument>;
  const code = problem.code as ProblemCode;
  if (!Object.hasOwn(problems, code)) return `unknown code ${code}`;
  const kind = problems[code];
  if (kind.status !== status || problem.status !== status) return `${code} with status ${status}`;
  if (problem.type !== `urn:lazaret:problem:${code}`) return `type ${problem.type}`;
  if (problem.title !== kind.title || !isHint(problem.hint, kind.hint)) {
    return `title or hint of ${code}`;
  }
  if (typeof problem.detail !== 'string' || problem.detail === '') return `${code} without detail`;
  if (problem.requestId !== headers['x-request-id']) return 'another request id than in the header';
  if (requestId !== undefined && problem.requestId !== requestId) return 'request id not echoed';
  if (code === 'internal_error') return 'internal error';
  return leakOf(text);
}

function leakOf(text: string): string | undefined {
  const leak = [repository, '/node_modules/', 'node:internal', String.raw`\n    at `].find((part) =>
    text.includes(part),
  );
  return leak === undefined ? undefined : `reveals ${leak}`;
}

/** A hint of the table, also with the name that it is about. */
function isHint(hint: string | undefined, known: string): boolean {
  const parts = known.split('NAME').map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join('\\S+')}$`).test(hint ?? '');
}
