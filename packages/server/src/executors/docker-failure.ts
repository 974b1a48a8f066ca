/** From what goes wrong with a call to the engine to the code that says what it means. */
import { z } from 'zod';

import { ExecutorError } from './executor.ts';
import type { ExecutorErrorCode } from './executor.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
}

const refusal = z.object({ message: z.string() });

/** An answer of the engine that says no, in its own words. */
export function engineFailure(
  request: Asked,
  response: { readonly statusCode: number },
  text: string,
): ExecutorError {
  const status = response.statusCode;
  const codes: Readonly<Record<number, ExecutorErrorCode>> = { 404: 'not_found', 409: 'conflict' };
  const message = `${request.method} ${request.path}: ${status}: ${ownWords(text)}`;
  return new ExecutorError(codes[status] ?? 'refused', message, { status });
}

interface Circumstances {
  readonly late: boolean;
  readonly deadlineMs: number;
  readonly aborted: boolean;
}

/** A call that got no whole answer. What is no failure of the connection stays what it is. */
export function transportFailure(
  request: Asked,
  error: unknown,
  { late, deadlineMs, aborted }: Circumstances,
): unknown {
  if (error instanceof ExecutorError) return error;
  const call = `${request.method} ${request.path}`;
  if (aborted) return new ExecutorError('aborted', `${call}: called off`, { cause: error });
  if (late) {
    const message = `${call}: no answer within ${deadlineMs} ms`;
    return new ExecutorError('deadline', message, { cause: error });
  }
  const code = connectionCode(error);
  if (code === undefined) return error;
  const message = `${call}: the engine cannot be reached: ${code}`;
  return new ExecutorError('unreachable', message, { cause: error });
}

/** The system's or the HTTP client's code of a broken connection. */
export function connectionCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const broken = /^(E[A-Z]+|UND_ERR_(SOCKET|CONNECT_TIMEOUT|CLOSED|DESTROYED)|HPE_.*|ERR_SSL.*)$/;
  const certificate = /^(CERT_.*|UNABLE_TO_.*|SELF_SIGNED.*|DEPTH_.*|ERR_TLS.*)$/;
  if (broken.test(code) || certificate.test(code)) return code;
  // A body that was cut wears the reason as its cause.
  if (error instanceof AggregateError) return connectionCode(error.errors[0]);
  return connectionCode(error.cause);
}

function ownWords(text: string): string {
  try {
    const parsed = refusal.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.message;
  } catch {
    // Not every answer is JSON: a proxy in between has its own words.
  }
  return text.slice(0, 500);
}
