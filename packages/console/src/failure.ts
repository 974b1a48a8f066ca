/** Any caught value in the words of a Problem: title, detail, hint, fields. */
import { asProblem, type ProblemField, problems } from '@lazaret/protocol';

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
    return { title, hint, detail: problem.message, fields: problem.fields };
  }
  if (error instanceof TypeError) {
    return {
      title: 'Lazaret cannot be reached',
      detail: 'The server did not answer, or the connection broke.',
      hint: 'Check that it runs and that this machine reaches it, then try again.',
      fields: [],
    };
  }
  return {
    title: 'The console failed',
    detail: error instanceof Error ? error.message : String(error),
    hint: 'Reload the page. If it comes back, the log of the server may say more.',
    fields: [],
  };
}

/** The message for a form field, by the end of its path: `body.name` and `name` are the same. */
export function fieldMessage(error: unknown, name: string): string | undefined {
  const fields = asProblem(error)?.fields ?? [];
  return fields.find((field) => field.path === name || field.path.endsWith(`.${name}`))?.message;
}

/** Whether trying the same again may help. */
export function isTransient(error: unknown): boolean {
  const problem = asProblem(error);
  if (problem === undefined) return error instanceof TypeError;
  return problem.status >= 500 && problem.code !== 'internal_error';
}
