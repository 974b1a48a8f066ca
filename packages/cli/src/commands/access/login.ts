/**
 * `lazaret login`: signs in once and stores an API token for later calls. The password is sent once
 * and not stored.
 */
import { hostname } from 'node:os';

import { limits, operations, type Client, type Identity } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import {
  callTimeout,
  localContext,
  normalizeServer,
  openClient,
  readLocalTarget,
} from '../../connection/connection.ts';
import {
  readContexts,
  withContext,
  writeContexts,
  type Context,
} from '../../connection/contexts.ts';
import { usageFailure } from '../../failure.ts';
import {
  promptLine,
  promptNewPassword,
  promptSecret,
  readSecretFromStdin,
} from '../../terminal/prompt.ts';
import { printNote, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';

const { access } = operations;
const loopbackUrl = 'http://127.0.0.1:8100';

interface SignedIn {
  readonly url: string;
  readonly user: string;
  readonly token: string;
  readonly tokenId: string | undefined;
}

export async function run(invocation: Invocation): Promise<void> {
  const { flags, shell } = invocation;
  const signedIn = await signIn(invocation);
  const name = flagText(flags, 'name') ?? new URL(signedIn.url).host;
  if (name === localContext || !/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/.test(name)) {
    throw usageFailure(`invalid context name ${JSON.stringify(name)}`, {
      hint: `Use letters, digits, dots and dashes; "${localContext}" is reserved for this machine.`,
    });
  }
  const { url, user, token, tokenId } = signedIn;
  const context: Context = { name, server: url, user, token, tokenId };
  const directory = shell.environment.configurationDirectory;
  const before = await readContexts(directory);
  await writeContexts(directory, withContext(before, context));
  await revokeReplaced(
    invocation,
    before.list.find((one) => one.name === name),
  );
  await printNote(invocation, `Signed in to ${url} as ${visibleLine(user)} (context ${name})`);
  if (invocation.settings.quiet) await writeOut(invocation, `${name}\n`);
}

async function signIn(invocation: Invocation): Promise<SignedIn> {
  const { flags, shell, settings } = invocation;
  const link = flagText(flags, 'link');
  if (link !== undefined) return signInWithLink(invocation, link);
  const url = await chooseServer(invocation);
  if (flagOn(flags, 'tokenStdin') || settings.token !== undefined) {
    const token = settings.token ?? (await readSecretFromStdin(shell));
    const client = openClient(shell, { url, token });
    const identity = await client.call(access.sessionShow, {}, { signal: callTimeout() });
    return { url, user: identity.name, token, tokenId: undefined };
  }
  const client = openClient(shell, { url, token: undefined });
  // a wrong URL is reported before the password prompt
  await client.call(access.setupShow, {}, { signal: callTimeout() });
  const name = flagText(flags, 'user') ?? (await promptLine(shell, `User name at ${url}: `)).trim();
  const password = flagOn(flags, 'passwordStdin')
    ? await readSecretFromStdin(shell)
    : await promptSecret(shell, 'Password: ');
  const response = await client.open(
    access.sessionCreate,
    { body: { name, password } },
    { signal: callTimeout() },
  );
  return makeToken(invocation, { url, client, response });
}

/** The link creates the first administrator or sets a password, and signs in. */
async function signInWithLink(invocation: Invocation, text: string): Promise<SignedIn> {
  const { flags, shell } = invocation;
  const { url: linkUrl, link } = readLink(text);
  const url = linkUrl ?? (await chooseServer(invocation));
  const client = openClient(shell, { url, token: undefined });
  const { needed } = await client.call(access.setupShow, {}, { signal: callTimeout() });
  const user = flagText(flags, 'user');
  const asked =
    needed && user === undefined
      ? (await promptLine(shell, 'User name of the administrator: ')).trim()
      : user;
  const password = flagOn(flags, 'passwordStdin')
    ? await readSecretFromStdin(shell)
    : await promptNewPassword(shell, 'New password');
  const response = await client.open(
    access.setupComplete,
    { body: { link, password, ...(asked === undefined ? {} : { name: asked }) } },
    { signal: callTimeout() },
  );
  return makeToken(invocation, { url, client, response });
}

/** Creates a token with the new session, and ends the session. */
async function makeToken(
  invocation: Invocation,
  session: { url: string; client: Client; response: Response },
): Promise<SignedIn> {
  const { url, client, response } = session;
  const identity = (await response.json()) as Identity;
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ');
  const headers = {
    cookie,
    ...(identity.csrf === null ? {} : { 'x-csrf-token': identity.csrf }),
  };
  const name = `lazaret on ${hostname()}`
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .slice(0, limits.nameChars);
  const days = flagText(invocation.flags, 'days');
  const body = { name, ...(days === undefined ? {} : { days: Number(days) }) };
  const made = await client.call(access.tokenCreate, { body }, { headers, signal: callTimeout() });
  await client.call(access.sessionDelete, {}, { headers, signal: callTimeout() });
  return { url, user: identity.name, token: made.secret, tokenId: made.token.id };
}

async function chooseServer({ arguments: [given], settings, shell }: Invocation): Promise<string> {
  const text = given ?? settings.server ?? shell.environment.server;
  if (text !== undefined) return normalizeServer(text);
  return (await readLocalTarget(shell))?.url ?? loopbackUrl;
}

/** The secret of a link, and the server if a complete URL was given. */
function readLink(text: string): { url: string | undefined; link: string } {
  if (!/^https?:\/\//i.test(text)) return { url: undefined, link: text };
  const url = new URL(text);
  const secret =
    url.searchParams.get('link') ??
    new URLSearchParams(url.hash.replace(/^#\??/, '')).get('link') ??
    (url.hash === '' ? url.pathname.split('/').at(-1) : url.hash.replace(/^#\/?/, ''));
  if (secret === undefined || secret === '') {
    throw usageFailure('the URL contains no sign-in link');
  }
  const base = url.pathname.replace(/\/(console\/)?(setup|link)(\/.*)?$/, '').replace(/\/$/, '');
  return { url: normalizeServer(`${url.origin}${base}`), link: secret };
}

/** The replaced token is not needed any more. */
async function revokeReplaced(invocation: Invocation, old: Context | undefined): Promise<void> {
  if (old?.tokenId === undefined) return;
  const client = openClient(invocation.shell, { url: old.server, token: old.token });
  try {
    const params = { id: old.tokenId };
    await client.call(access.tokenRevoke, { params }, { signal: callTimeout() });
  } catch (error) {
    await printNote(
      invocation,
      `The previous token could not be revoked: ${(error as Error).message}`,
    );
  }
}
