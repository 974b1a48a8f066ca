/** `lazaret users add` and `users password`. Secrets come from a prompt or standard input. */
import { operations } from '@lazaret/protocol';

import { flagOn, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { usageFailure } from '../../failure.ts';
import { check } from '../../command/check-values.ts';
import { fieldsOf, readFields } from '../../command/operation-flags.ts';
import { promptNewPassword, promptSecret, readSecretFromStdin } from '../../terminal/prompt.ts';
import { printItem, printNote, printTerminalNote, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

const { userCreate, userLink, passwordChange, sessionShow } = operations.access;

export async function runAdd(invocation: Invocation): Promise<void> {
  const {
    arguments: [name = ''],
    flags,
    shell,
  } = invocation;
  const fields = fieldsOf(userCreate.body);
  const given = { name, ...readFields(fields, flags) };
  check(userCreate.body, given, fields);
  const isLink = flagOn(flags, 'link');
  if (isLink && flagOn(flags, 'passwordStdin')) {
    throw usageFailure('give either --link or --password-stdin, not both');
  }
  const { client } = await invocation.connect();
  const password = isLink ? undefined : await readNewPassword(invocation, `Password for ${name}`);
  const body = { ...given, ...(password === undefined ? {} : { password }) };
  check(userCreate.body, body, fields);
  const user = await client.call(userCreate, { body: body as never }, { signal: callTimeout() });
  if (user.grants.length === 0) {
    await printTerminalNote(
      invocation,
      `${name} has no role yet: lazaret users update ${name} --role submitter`,
    );
  }
  if (!isLink) return printItem(invocation, user);
  const made = await client.call(userLink, { params: { name } }, { signal: callTimeout() });
  if (invocation.settings.output !== 'table') return printItem(invocation, { ...user, ...made });
  await printNote(invocation, `One-time link with which ${name} sets a password and signs in:`);
  await writeOut({ shell }, `${visibleLine(made.url)}\n`);
}

/** Your own password needs the current one, that of another user the right to manage users. */
export async function runPassword(invocation: Invocation): Promise<void> {
  const { shell, flags } = invocation;
  const { client } = await invocation.connect();
  const identity = await client.call(sessionShow, {}, { signal: callTimeout() });
  const name = invocation.arguments[0] ?? identity.name;
  check(passwordChange.params, { name }, []);
  const isOwn = name === identity.name;
  const isPiped = flagOn(flags, 'passwordStdin');
  const current = isOwn && !isPiped ? await promptSecret(shell, 'Current password: ') : undefined;
  const password = await readNewPassword(invocation, 'New password');
  const body = { password, ...(current === undefined || current === '' ? {} : { current }) };
  check(passwordChange.body, body, fieldsOf(passwordChange.body));
  await client.call(passwordChange, { params: { name }, body }, { signal: callTimeout() });
  await printNote(invocation, `Password of ${name} changed`);
}

function readNewPassword({ shell, flags }: Invocation, question: string): Promise<string> {
  const isPiped = flagOn(flags, 'passwordStdin');
  return isPiped ? readSecretFromStdin(shell) : promptNewPassword(shell, question);
}
