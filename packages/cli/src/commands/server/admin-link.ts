/** `lazaret admin link`: a one-time link to set up the server or to sign in again. */
import { operations, Problem, type Client } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { callByName } from '../../connection/call-by-name.ts';
import {
  callTimeout,
  openClient,
  readLocalTarget,
  startHint,
} from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { formatMoment } from '../../render/cell.ts';
import { printNote, printStructured, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

const { setupLink, userLink, userList } = operations.access;

interface MadeLink {
  readonly url: string;
  readonly expiresAt: string;
  /** Null for the first administrator. */
  readonly user: string | null;
}

/** Asks the server on this machine with the token of its owner, unless another one is named. */
export async function runLink(invocation: Invocation): Promise<void> {
  const { arguments: given, settings } = invocation;
  const client = await openAdminClient(invocation);
  const made = await makeLink(client, given[0]);
  if (settings.output !== 'table') return printStructured(invocation, made);
  const purpose =
    made.user === null
      ? 'One-time link that creates the first administrator'
      : `One-time link with which ${visibleLine(made.user)} sets a password and signs in`;
  await printNote(
    invocation,
    `${purpose}, valid until ${formatMoment(Date.parse(made.expiresAt))}:`,
  );
  await writeOut(invocation, `${visibleLine(made.url)}\n`);
}

async function openAdminClient(invocation: Invocation): Promise<Client> {
  const { settings, shell } = invocation;
  const { environment } = shell;
  const named = [settings.server, settings.context, environment.server, environment.context];
  const local = named.every((one) => one === undefined) ? await readLocalTarget(shell) : undefined;
  if (local !== undefined) return openClient(shell, local);
  try {
    return (await invocation.connect()).client;
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCodes.unreachable.code) throw error;
    throw new Failure('no server found: a running server makes the link', {
      exitCode: error.exitCode,
      hint: `${startHint} Then run this in the same directory, or set LAZARET_DATA to its data directory.`,
      cause: error,
    });
  }
}

async function makeLink(client: Client, name: string | undefined): Promise<MadeLink> {
  if (name !== undefined) return makeUserLink(client, name);
  try {
    return { ...(await client.call(setupLink, {}, { signal: callTimeout() })), user: null };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
  }
  return makeUserLink(client, await onlyAdministrator(client));
}

async function makeUserLink(client: Client, name: string): Promise<MadeLink> {
  let user = name;
  const { url, expiresAt } = await callByName(client, { noun: 'users', name }, (whole) => {
    user = whole;
    return client.call(userLink, { params: { name: whole } }, { signal: callTimeout() });
  });
  return { url, expiresAt, user };
}

async function onlyAdministrator(client: Client): Promise<string> {
  const { items } = await client.call(userList, {}, { signal: callTimeout() });
  const names = items
    .filter(({ name, disabled }) => !disabled && name !== 'local')
    .filter(({ grants }) =>
      grants.some(({ role, project }) => role === 'administrator' && project === null),
    )
    .map(({ name }) => name);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw usageFailure('several administrators exist: name the one who needs a link', {
    hint: names.map((name) => `\`lazaret admin link ${name}\``).join(', '),
  });
}
