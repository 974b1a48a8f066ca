/**
 * Which server a command talks to, and the client for it.
 *
 * The first that applies: `--server`, LAZARET_SERVER, the context named by `--context` or
 * LAZARET_CONTEXT, the current context, the server that runs on this machine for this user. A
 * stored token goes only to the server that it was made for.
 */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createClient, limits, type Client } from '@lazaret/protocol';

import type { Connection, Settings, Shell, Target } from './command.ts';
import { findContext, readContexts, type Context, type Contexts } from './contexts.ts';
import { exitCodes } from './exit-code.ts';
import { Failure, systemErrorCode, usageFailure } from './failure.ts';

/** Name of the context that stands for the server on this machine. */
export const localContext = 'local';
const localTokenFile = 'local-token';
const localTokenBytesMax = 16_384;

export async function connect(shell: Shell, settings: Settings): Promise<Connection> {
  const target = await findTarget(shell, settings);
  return { ...target, client: openClient(shell, target) };
}

/** A client whose network failures are told as such. */
export function openClient(shell: Shell, target: Omit<Target, 'source'>): Client {
  const send = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    try {
      return await shell.fetch(url, init);
    } catch (error) {
      throw asUnreachable(error, target.url) ?? error;
    }
  };
  return createClient({
    baseUrl: target.url,
    ...(target.token === undefined ? {} : { token: target.token }),
    fetch: target.isLocal === true ? renewing(shell, target, send) : send,
  });
}

/** The server on this machine makes a new token at each start: a refused one is renewed. */
function renewing(shell: Shell, target: Omit<Target, 'source'>, send: typeof fetch): typeof fetch {
  let token = target.token;
  const authorized = (init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
  });
  return async (url, init) => {
    const response = await send(url, authorized(init));
    // a body that streams is used up
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
  throw new Failure('no server is known', {
    exitCode: exitCodes.unreachable.code,
    hint:
      'Sign in to one with `lazaret login URL`, or start one here with `lazaret up` and run this ' +
      'in the same directory (or set LAZARET_DATA to its data directory).',
  });
}

/** An address without what does not belong to it; the scheme may be left out on loopback. */
export function normalizeServer(text: string): string {
  const isLoopback = /^(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(text);
  const withScheme = /^[a-z]+:\/\//i.test(text)
    ? text
    : `${isLoopback ? 'http' : 'https'}://${text}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw usageFailure(`expected the address of a server, received ${JSON.stringify(text)}`, {
      hint: 'Such as https://lazaret.example.org or http://127.0.0.1:8100.',
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw usageFailure(`expected an http or https address, received ${JSON.stringify(text)}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageFailure(
      'the address holds a name or password; sign in with `lazaret login` instead',
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The failure that a network error stands for, or undefined when it is something else. */
export function asUnreachable(error: unknown, url: string): Failure | undefined {
  if (!(error instanceof Error) || error.name === 'AbortError') return undefined;
  if (error.name === 'TimeoutError') {
    return unreachable(`${url} did not answer in time`, error);
  }
  const isNetwork = error instanceof TypeError && /fetch failed|terminated/.test(error.message);
  if (!isNetwork) return undefined;
  const cause = innermost(error);
  const code = systemErrorCode(cause);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ECONNRESET: 'the connection was cut',
    UND_ERR_SOCKET: 'the connection was cut',
    EPIPE: 'the connection was cut',
    ENOTFOUND: 'there is no host of that name',
    EAI_AGAIN: 'the name could not be looked up',
    ETIMEDOUT: 'the connection timed out',
    UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
    UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
    UND_ERR_BODY_TIMEOUT: 'it stopped answering',
    EHOSTUNREACH: 'the host cannot be reached',
  };
  return unreachable(`cannot reach ${url}: ${reasons[code ?? ''] ?? cause.message}`, error);
}

/** A signal for one ordinary call, so that a silent server does not hold the terminal for ever. */
export function callTimeout(): AbortSignal {
  return AbortSignal.timeout(limits.cliCallMs);
}

/** What the server on this machine left for its own user, if it was left by that user. */
export async function readLocalTarget(shell: Shell): Promise<Target | undefined> {
  const path = join(shell.environment.dataDirectory, localTokenFile);
  try {
    const { uid, mode, size } = await lstat(path);
    // a file of somebody else could send samples to a server of their choice
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

function unreachable(message: string, cause: unknown): Failure {
  return new Failure(message, {
    exitCode: exitCodes.unreachable.code,
    hint: 'Is it running, and is the address right? `lazaret context list` shows the servers.',
    cause,
  });
}

function innermost(error: Error): Error {
  let cause: Error = error;
  for (let depth = 0; depth < 5 && cause.cause instanceof Error; depth += 1) cause = cause.cause;
  return cause;
}
