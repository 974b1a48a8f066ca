/** Questions to the person at the terminal. */
import { limits } from '@lazaret/protocol';

import type { Shell } from './command.ts';
import { exitCodes } from './exit-code.ts';
import { Failure, usageFailure } from './failure.ts';

/** One line that is shown while it is typed. */
export function askLine(shell: Shell, question: string): Promise<string> {
  return ask(shell, question, true);
}

/** One line that is not shown. */
export function askSecret(shell: Shell, question: string): Promise<string> {
  return ask(shell, question, false);
}

/** A new password, typed twice. */
export async function askNewPassword(shell: Shell, question: string): Promise<string> {
  const password = await askSecret(shell, `${question}: `);
  if (password.length < limits.passwordCharsMin) {
    throw usageFailure(`the password needs at least ${limits.passwordCharsMin} characters`);
  }
  const again = await askSecret(shell, `${question}, once more: `);
  if (password !== again) throw usageFailure('the two passwords differ; nothing was changed');
  return password;
}

/** The first line of standard input, for `--password-stdin` and `--token-stdin`. */
export async function readSecretLine(shell: Shell): Promise<string> {
  let text = '';
  for await (const piece of shell.stdin.setEncoding('utf8')) {
    text += piece;
    if (text.includes('\n')) break;
    if (text.length > limits.cliSecretChars) {
      throw usageFailure(`expected one line of at most ${limits.cliSecretChars} characters`);
    }
  }
  const secret = (text.split('\n')[0] ?? '').replace(/\r$/, '');
  if (secret === '') throw usageFailure('standard input held no line');
  return secret;
}

async function ask(shell: Shell, question: string, echo: boolean): Promise<string> {
  const { stdin, stderr } = shell;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw usageFailure('nobody is there to answer: standard input is not a terminal', {
      hint: 'Give the value by a flag; secrets by --password-stdin or --token-stdin.',
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
    // what was typed ahead belongs to the next question
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
  return key >= ' ' && typed.length < limits.cliSecretChars ? typed + key : typed;
}

function interrupted(): Failure {
  return new Failure('interrupted; nothing was done', { exitCode: exitCodes.interrupted.code });
}
