import { Problem } from '@lazaret/protocol';

/** SQLSTATE of servers that cannot serve now: connection, shutdown, start, too many sessions. */
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
 * The problem that an error of a query stands for: the server is away (`database_unavailable`) or
 * its disk is full (`storage_full`); undefined for everything else, such as a wrong statement.
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
  // Some network errors carry a code and no text.
  const reason = error.message === '' ? code : error.message;
  return new Problem('database_unavailable', `The database does not answer: ${reason}`, {
    cause: error,
  });
}

/** SQLSTATE or the code of the operating system; empty when there is neither. */
export function databaseCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Whether the answer to a query did not come in time; its connection is of no more use. */
export function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
