/** Any caught value as the parts of a problem: title, detail, hint, fields. */
import { asProblem, type ProblemField, problems, type Problem } from '@lazaret/protocol';

export interface Failure {
  readonly title: string;
  readonly detail: string;
  readonly hint: string;
  readonly fields: readonly ProblemField[];
}

export function describeFailure(error: unknown): Failure {
  const problem = asProblem(error);
  if (problem !== undefined) {
    const { title, hint } = problems[problem.code];
    const { fields } = problem;
    return { title, hint, detail: ownDetail(problem), fields };
  }
  if (isNetworkFailure(error)) {
    return {
      title: 'Server unreachable',
      detail: 'The server did not respond, or the connection was closed.',
      hint: 'Check that the server is running and reachable, then retry.',
      fields: [],
    };
  }
  return {
    title: 'Unexpected error',
    detail: error instanceof Error ? error.message : String(error),
    hint: 'Reload the page. If the error persists, see the server log.',
    fields: [],
  };
}

/** The detail of a problem, unless it only repeats the first of the fields. */
function ownDetail({ message, fields: [first] }: Problem): string {
  if (first === undefined) return message;
  const repeats =
    message === first.message || message.startsWith(`${first.path}: ${first.message}`);
  return repeats ? '' : message;
}

/** The fields of a failure that a form does not mark itself. */
export function unmarkedFields(error: unknown, marked: readonly string[]): readonly ProblemField[] {
  return describeFailure(error).fields.filter(
    ({ path }) => !marked.some((name) => path === name || path.endsWith(`.${name}`)),
  );
}

/** The error of a form field, matched by the end of its path: `body.name` and `name` are equal. */
export function fieldMessage(error: unknown, name: string): string | undefined {
  const fields = asProblem(error)?.fields ?? [];
  return fields.find((field) => field.path === name || field.path.endsWith(`.${name}`))?.message;
}

/** Whether a retry may succeed. */
export function isTransient(error: unknown): boolean {
  const problem = asProblem(error);
  if (problem === undefined) return isNetworkFailure(error);
  if (problem.code === 'too_many_requests') return true;
  return problem.status >= 500 && problem.code !== 'internal_error';
}

/** The time that the server asked to wait before a retry; 0 unless it did. */
export function retryAfterMs(error: unknown): number {
  const seconds = Number(asProblem(error)?.headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 0;
}

/**
 * Browsers report a request that failed without a response as a TypeError, as they do a fault of
 * the program. Only the messages differ: of Chromium, Firefox, Safari, Node and uploads.
 */
export function isNetworkFailure(error: unknown): boolean {
  return error instanceof TypeError && networkMessages.test(error.message);
}

const networkMessages = new RegExp(
  `^(${[
    ...['failed to fetch', 'fetch failed', 'network ?error', 'load failed', 'terminated'],
    ...['error in input stream', 'the network connection was lost', 'connection closed'],
    ...['error loading dynamically imported', 'importing a module script failed'],
  ].join('|')})`,
  'i',
);
