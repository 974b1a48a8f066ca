/**
 * Selects the server of a command and opens the client for it.
 *
 * The first that applies: `--server`, LAZARET_SERVER, the context named by `--context` or
 * LAZARET_CONTEXT, the current context, the server of this user on this machine. A stored
 * token is only sent to the server that issued it.
 */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createClient, type Client } from '@lazaret/protocol';

import type { Connection, Settings, Shell, Target } from '../command/command.ts';
import { cliLimits } from '../limits.ts';
import { findContext, readContexts, type Context, type Contexts } from './contexts.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure, systemErrorCode, usageFailure } from '../failure.ts';

/** Name of the context of the server on this machine. */
export const localContext = 'local';
const localTokenFile = 'local-token';
const localTokenBytesMax = 16_384;

export async function connect(shell: Shell, settings: Settings): Promise<Connection> {
  const target = await findTarget(shell, settings);
  return { ...target, client: openClient(shell, target) };
}

/** A client whose network errors become failures with a reason. */
export function openClient(shell: Shell, target: Omit<Target, 'source'>): Client {
  const send = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    try {
      return await shell.fetch(url, init);
    } catch (error) {
      throw toUnreachable(error, target.url, target.isLocal) ?? error;
    }
  };
  return createClient({
    baseUrl: target.url,
    ...(target.token === undefined ? {} : { token: target.token }),
    fetch: target.isLocal === true ? withTokenRenewal(shell, target, send) : send,
  });
}

/** The token of the server on this machine may change: an expired one is read again. */
function withTokenRenewal(
  shell: Shell,
  target: Omit<Target, 'source'>,
  send: typeof fetch,
): typeof fetch {
  let token = target.token;
  const authorized = (init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
  });
  return async (url, init) => {
    const response = await send(url, authorized(init));
    // a streamed body cannot be sent twice
    if (response.status !== 401 || init?.body instanceof ReadableStream) return response;
    const local = await readLocalTarget(shell);
    if (local === undefined || local.url !== target.url || local.token === token) return response;
    token = local.token;
    return send(url, authorized(init));
  };
}

export async function findTarget(shell: Shell, settings: Settings): Promise<Target> {
  const { environment } = shell;
  const token = settings.token ?? environment.token;
  const flagged = settings.server ?? environment.server;
  const contexts = await readContexts(environment.configurationDirectory);
  if (flagged !== undefined) {
    const url = normalizeServer(flagged);
    const known = contexts.list.find((context) => context.server === url);
    const source = settings.server === undefined ? 'LAZARET_SERVER' : '--server';
    const given = token ?? known?.token;
    const local = given === undefined ? await readLocalTarget(shell) : undefined;
    return local?.url === url ? { ...local, source } : { url, token: given, source };
  }
  const named = await namedTarget(shell, settings, contexts);
  if (named !== undefined) return token === undefined ? named : { ...named, token, isLocal: false };
  throw new Failure('no server configured', {
    exitCode: exitCodes.unreachable.code,
    hint:
      'Sign in with `lazaret login URL`, or start a server: `npm start` in the directory of ' +
      'Lazaret, or `lazaret up` and run this in the same directory (or set LAZARET_DATA).',
  });
}

/** A URL without query and fragment; the scheme defaults to https, and to http on loopback. */
export function normalizeServer(text: string): string {
  const isLoopback = /^(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(text);
  const withScheme = /^[a-z]+:\/\//i.test(text)
    ? text
    : `${isLoopback ? 'http' : 'https'}://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw usageFailure(`invalid server URL ${JSON.stringify(text)}`, {
      hint: 'Expected a URL such as https://lazaret.example.org or http://127.0.0.1:8100.',
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw usageFailure(`invalid server URL ${JSON.stringify(text)}: expected http or https`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageFailure(
      'the server URL contains a user name or password; use `lazaret login` instead',
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The failure for a network error, or undefined for other errors. */
export function toUnreachable(
  error: unknown,
  url: string,
  isLocal: boolean = false,
): Failure | undefined {
  if (!(error instanceof Error) || error.name === 'AbortError') return undefined;
  const fail = (message: string): Failure => unreachable(message, { cause: error, isLocal });
  if (error.name === 'TimeoutError') {
    return fail(`${url} did not respond in time`);
  }
  const isNetwork = error instanceof TypeError && /fetch failed|terminated/.test(error.message);
  if (!isNetwork) return undefined;
  const cause = innermost(error);
  const code = systemErrorCode(cause);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'connection reset',
    UND_ERR_SOCKET: 'connection reset',
    EPIPE: 'connection reset',
    ENOTFOUND: 'host not found',
    EAI_AGAIN: 'name resolution failed',
    ETIMEDOUT: 'connection timed out',
    UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
    UND_ERR_HEADERS_TIMEOUT: 'no response in time',
    UND_ERR_BODY_TIMEOUT: 'response timed out',
    EHOSTUNREACH: 'host unreachable',
  };
  const reason = reasons[code ?? ''] ?? cause.message;
  return fail(`cannot reach ${url}: ${reason}`);
}

/** A timeout for one ordinary call. */
export function callTimeout(): AbortSignal {
  return AbortSignal.timeout(cliLimits.callMs);
}

/**
 * The file `local-token` of the server on this machine, if this user owns it: in the data
 * directory, or in that of the installation, so that the working directory does not matter.
 */
export async function readLocalTarget({ environment }: Shell): Promise<Target | undefined> {
  const { dataDirectory, installedDataDirectory } = environment;
  const target = await readTokenFile(join(dataDirectory, localTokenFile));
  if (target !== undefined || installedDataDirectory === undefined) return target;
  return readTokenFile(join(installedDataDirectory, localTokenFile));
}

async function readTokenFile(path: string): Promise<Target | undefined> {
  try {
    const { uid, mode, size } = await lstat(path);
    // a file of another user could redirect samples to a server of their choice
    const isOwn = process.getuid === undefined || uid === process.getuid();
    if (!isOwn || (mode & 0o022) !== 0 || size > localTokenBytesMax) return undefined;
    const { url, token } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    if (typeof url !== 'string' || typeof token !== 'string') return undefined;
    return { url: normalizeServer(url), token, source: path, isLocal: true };
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}

async function namedTarget(
  shell: Shell,
  settings: Settings,
  contexts: Contexts,
): Promise<Target | undefined> {
  const name = settings.context ?? shell.environment.context;
  if (name !== undefined && name !== localContext) return fromContext(findContext(contexts, name));
  const isCurrent = name === undefined && contexts.current !== undefined;
  const current = contexts.list.find((context) => context.name === contexts.current);
  if (isCurrent && current !== undefined) return fromContext(current);
  return readLocalTarget(shell);
}

function fromContext(context: Context): Target {
  return { url: context.server, token: context.token, source: `context ${context.name}` };
}

/** How to start the server of this machine. */
export const startHint =
  'Start the server with `npm start` in the directory of Lazaret, or with `lazaret up`, and try again.';

function unreachable(
  message: string,
  { cause, isLocal }: { readonly cause: unknown; readonly isLocal: boolean },
): Failure {
  return new Failure(message, {
    exitCode: exitCodes.unreachable.code,
    hint: isLocal
      ? `The server of this machine is not running or not ready. ${startHint}`
      : 'Check that the server is running and the URL is right; see `lazaret context list`.',
    cause,
  });
}

function innermost(error: Error): Error {
  let cause: Error = error;
  for (let depth = 0; depth < 5 && cause.cause instanceof Error; depth += 1) cause = cause.cause;
  return cause;
}
