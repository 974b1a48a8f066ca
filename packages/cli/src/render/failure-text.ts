/** An error as text: the message, the fields and a hint. */
import { Problem } from '@lazaret/protocol';

import { exitCodeOfProblem, exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { kebabCase } from '../command/flag-names.ts';
import { createStyle } from './style.ts';
import { visibleLine } from './visible-text.ts';

export interface FailureText {
  readonly text: string;
  readonly exitCode: number;
}

/** Text for standard error, and the exit code. Unknown errors are bugs. */
export function explainFailure(
  error: unknown,
  { color, debug }: { color: boolean; debug: boolean },
): FailureText {
  const style = createStyle(color);
  const trace = debug && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  if (error instanceof Problem) {
    const retry = error.headers['retry-after'];
    // only for errors of the server: its log has the details
    const requestId = error.status >= 500 ? error.headers['x-request-id'] : undefined;
    const hint = retry === undefined ? error.hint : `${error.hint} (${retry} s)`;
    const { title } = error.toDocument();
    const lines = [
      `${style('red', 'error:')} ${title} ${style('dim', `(${error.code})`)}`,
      // the message may repeat the first field
      ...(isRepeated(error) ? [] : [`  ${visibleLine(error.message)}`]),
      ...formatFields(error.fields),
      `${style('cyan', 'hint:')} ${adaptHint(error, hint)}`,
      ...(requestId === undefined ? [] : [`  request ID ${visibleLine(requestId)}`]),
    ];
    return {
      text: `${lines.join('\n')}\n${trace}`,
      exitCode: exitCodeOfProblem(error.code, error.status),
    };
  }
  if (error instanceof Failure) {
    const lines = [
      `${style('red', 'error:')} ${visibleLine(error.message)}`,
      ...formatFields(error.fields),
      ...(error.hint === undefined ? [] : [`${style('cyan', 'hint:')} ${visibleLine(error.hint)}`]),
    ];
    return { text: `${lines.join('\n')}\n${trace}`, exitCode: error.exitCode };
  }
  const message = visibleLine(error instanceof Error ? error.message : String(error));
  const text = `${style('red', 'error:')} internal error: ${message}\n${
    trace === '' ? 'Set LAZARET_DEBUG=1 for a stack trace.\n' : trace
  }`;
  return { text, exitCode: exitCodes.failure.code };
}

/** Whether the message says no more than the title or one of the fields. */
function isRepeated(error: Problem): boolean {
  const fields = error.fields.flatMap(({ path, message }) => [message, `${path}: ${message}`]);
  return ['', error.toDocument().title, ...fields].includes(error.message);
}

/** Hints of the server refer to the console and HTTP; here they refer to commands. */
function adaptHint({ code }: Problem, hint: string): string {
  if (code === 'unauthenticated') return 'Sign in with `lazaret login`, or use --token.';
  if (code === 'invalid_parameters' || code === 'invalid_input') {
    return '`lazaret engines show NAME` shows the parameters and inputs of an engine.';
  }
  return hint;
}

function formatFields(
  fields: readonly { readonly path: string; readonly message: string }[],
): readonly string[] {
  return fields.map(({ path, message }) => {
    const [first = '', ...rest] = path.split('.');
    // a variable of the environment and an argument have no flag
    const isVariable = /^(?:LAZARET_.*|[A-Z]+)$/.test(first);
    const isFlag = isVariable || first.startsWith('--') || rest.length > 0 || first.includes('[');
    const shown = isFlag || first === '' ? path : kebabName(first, path);
    return `  ${visibleLine(shown)}${shown === '' ? '' : ': '}${visibleLine(message)}`;
  });
}

function kebabName(first: string, path: string): string {
  const kebab = kebabCase(first);
  return kebab === first ? path : `${path} (--${kebab})`;
}
