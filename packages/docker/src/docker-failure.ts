/** Maps errors of calls to the engine to a DockerError. */
import { errors } from 'undici';
import { z } from 'zod';

import { DockerError } from './docker-error.ts';
import type { DockerErrorCode } from './docker-error.ts';

interface Call {
  readonly method: string;
  readonly path: string;
}

const refusal = z.object({ message: z.string() });

/** A response of the engine with an error status, with its own message. */
export function engineFailure(
  request: Call,
  response: { readonly statusCode: number },
  text: string,
): DockerError {
  const status = response.statusCode;
  const codes: Readonly<Record<number, DockerErrorCode>> = { 404: 'not_found', 409: 'conflict' };
  const message = `${request.method} ${request.path}: ${status}: ${engineMessage(text)}`;
  return new DockerError(codes[status] ?? 'refused', message, { status });
}

interface Circumstances {
  readonly late: boolean;
  readonly deadlineMs: number;
  readonly aborted: boolean;
}

/**
 * A call without a complete response. Other errors than those of the connection are returned
 * unchanged.
 */
export function transportFailure(
  request: Call,
  error: unknown,
  { late, deadlineMs, aborted }: Circumstances,
): unknown {
  if (error instanceof DockerError) return error;
  const call = `${request.method} ${request.path}`;
  if (aborted) return new DockerError('aborted', `${call}: aborted`, { cause: error });
  if (late) {
    const message = `${call}: no response within ${deadlineMs} ms`;
    return new DockerError('deadline', message, { cause: error });
  }
  if (error instanceof errors.BodyTimeoutError) {
    return new DockerError('deadline', `${call}: the engine stopped sending`, { cause: error });
  }
  const code = connectionCode(error);
  if (code === undefined) return error;
  const why = code === 'EACCES' ? 'permission denied on its socket (EACCES)' : code;
  const message = `cannot connect to the Docker engine: ${why} (${call})`;
  return new DockerError('unreachable', message, { cause: error });
}

/** The system's or the HTTP client's code of a broken connection. */
export function connectionCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const broken = /^(E[A-Z]+|UND_ERR_(SOCKET|CONNECT_TIMEOUT|CLOSED|DESTROYED)|HPE_.*|ERR_SSL.*)$/;
  const certificate = /^(CERT_.*|UNABLE_TO_.*|SELF_SIGNED.*|DEPTH_.*|ERR_TLS.*)$/;
  if (broken.test(code) || certificate.test(code)) return code;
  // An interrupted body has the reason as its cause.
  if (error instanceof AggregateError) return connectionCode(error.errors[0]);
  return connectionCode(error.cause);
}

function engineMessage(text: string): string {
  try {
    const parsed = refusal.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.message;
  } catch {
    // Not every response is JSON: a proxy sends its own text.
  }
  return text.slice(0, 500);
}
