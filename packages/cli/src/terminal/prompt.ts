/** Prompts on the terminal. */
import { limits } from '@lazaret/protocol';

import type { Shell } from '../command/command.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure, usageFailure } from '../failure.ts';
import { cliLimits } from '../limits.ts';

/** Reads a line, with echo. */
export function promptLine(shell: Shell, question: string): Promise<string> {
  return ask(shell, question, true);
}

/** Reads a line without echo. */
export function promptSecret(shell: Shell, question: string): Promise<string> {
  return ask(shell, question, false);
}

/** Reads a new password twice. */
export async function promptNewPassword(shell: Shell, question: string): Promise<string> {
  const password = await promptSecret(shell, `${question}: `);
  if (password.length < limits.passwordCharsMin) {
    throw usageFailure(`the password is too short (minimum ${limits.passwordCharsMin} characters)`);
  }
  const again = await promptSecret(shell, `${question} again: `);
  if (password !== again) throw usageFailure('the passwords do not match; nothing was changed');
  return password;
}

/** The first line of standard input, for `--password-stdin` and `--token-stdin`. */
export async function readSecretFromStdin(shell: Shell): Promise<string> {
  let text = '';
  for await (const chunk of shell.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n')) break;
    if (text.length > cliLimits.secretChars) {
      throw usageFailure(`expected one line of at most ${cliLimits.secretChars} characters`);
    }
  }
  const secret = (text.split('\n')[0] ?? '').replace(/\r$/, '');
  if (secret === '') throw usageFailure('standard input was empty');
  return secret;
}

async function ask(shell: Shell, question: string, echo: boolean): Promise<string> {
  const { stdin, stderr } = shell;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw usageFailure('cannot prompt: standard input is not a terminal', {
      hint: 'Use a flag, and --password-stdin or --token-stdin for secrets.',
    });
  }
  stderr.write(question);
  stdin.setRawMode(true);
  try {
    return await readKeys(shell, echo);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function readKeys({ stdin, stderr }: Shell, echo: boolean): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = '';
  const onKeys = (keys: string): void => {
    // an arrow key is an escape sequence, not part of an answer
    if (keys.startsWith('\u001B')) return;
    const [line = '', ...rest] = keys.split(/\r\n?|\n/);
    for (const key of line) {
      if (key === '\u0003' || key === '\u0004') return reject(interrupted());
      const next = applyKey(typed, key);
      if (echo) stderr.write(next.length < typed.length ? '\b \b' : next.slice(typed.length));
      typed = next;
    }
    if (rest.length === 0) return;
    // type-ahead belongs to the next prompt
    stdin.off('data', onKeys).pause();
    const ahead = rest.join('\n');
    if (ahead !== '') stdin.unshift(ahead, 'utf8');
    resolve(typed);
  };
  stdin.setEncoding('utf8').on('data', onKeys).resume();
  try {
    return await promise;
  } finally {
    stdin.off('data', onKeys);
  }
}

function applyKey(typed: string, key: string): string {
  if (key === '\u007F' || key === '\b') return Array.from(typed).slice(0, -1).join('');
  return key >= ' ' && typed.length < cliLimits.secretChars ? typed + key : typed;
}

function interrupted(): Failure {
  return new Failure('interrupted; nothing was changed', { exitCode: exitCodes.interrupted.code });
}
