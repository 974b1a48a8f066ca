import { Problem } from '@lazaret/protocol';

/** SQLSTATE of unavailable servers: connection, shutdown, start, too many sessions. */
const unavailableStates = /^(08...|57P0[1235]|53300|28...|3D000)$/;
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
const unavailableWords =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|query read timeout/i;
const diskFull = '53100';

/**
 * The problem for an error of a query: the server is unavailable (`database_unavailable`) or its
 * disk is full (`storage_full`); undefined for everything else, such as a wrong statement.
 */
export function databaseProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error)) return undefined;
  const code = databaseCode(error);
  if (code === diskFull) return new Problem('storage_full', error.message, { cause: error });
  const away =
    unavailableStates.test(code) ||
    unavailableCodes.has(code) ||
    unavailableWords.test(error.message);
  if (!away) return undefined;
  // Some network errors have a code and no text.
  const reason = error.message === '' ? code : error.message;
  return new Problem('database_unavailable', `The database does not respond: ${reason}`, {
    cause: error,
  });
}

/** SQLSTATE or the code of the operating system; empty if there is none. */
export function databaseCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Whether a query timed out; its connection cannot be used any more. */
export function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
