/**
 * The servers that the user is signed in to, in `contexts.yaml` in the configuration directory. It
 * contains tokens: only its owner may read it, and it is replaced atomically.
 */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { Failure, systemErrorCode, usageFailure } from '../failure.ts';
import { cliLimits } from '../limits.ts';

export interface Context {
  readonly name: string;
  readonly server: string;
  readonly token: string;
  /** Id of the token at the server, to revoke it when signing out. */
  readonly tokenId: string | undefined;
  readonly user: string;
}

export interface Contexts {
  readonly current: string | undefined;
  readonly list: readonly Context[];
}

const privateMode = 0o600;

/** Reads the file; no file means no contexts. */
export async function readContexts(directory: string): Promise<Contexts> {
  const path = contextsPath(directory);
  const text = await readPrivateFile(path);
  if (text === undefined) return { current: undefined, list: [] };
  const { parse } = await import('yaml');
  try {
    return parseContexts(parse(text));
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${(error as Error).message}`, {
      hint: 'Fix the file, or delete it and sign in again with `lazaret login`.',
      cause: error,
    });
  }
}

/** Replaces the file atomically. */
export async function writeContexts(directory: string, contexts: Contexts): Promise<void> {
  const { stringify } = await import('yaml');
  const path = contextsPath(directory);
  const temporary = `${path}.${process.pid}.tmp`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const text = stringify({
    ...(contexts.current === undefined ? {} : { current: contexts.current }),
    contexts: contexts.list.map(({ tokenId, ...rest }) =>
      tokenId === undefined ? rest : { ...rest, tokenId },
    ),
  });
  try {
    const file = await open(temporary, 'wx', privateMode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Failure(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Adds or replaces one context and makes it the current one. */
export function withContext(contexts: Contexts, context: Context): Contexts {
  const others = contexts.list.filter((one) => one.name !== context.name);
  if (others.length >= cliLimits.contexts) {
    throw new Failure(`too many contexts (limit ${cliLimits.contexts})`, {
      hint: 'Remove one with `lazaret logout NAME`.',
    });
  }
  return { current: context.name, list: [...others, context] };
}

/** Removes a context; afterwards none is current if it was the current one. */
export function withoutContext(contexts: Contexts, name: string): Contexts {
  return {
    current: contexts.current === name ? undefined : contexts.current,
    list: contexts.list.filter((one) => one.name !== name),
  };
}

export function findContext(contexts: Contexts, name: string): Context {
  const found = contexts.list.find((context) => context.name === name);
  if (found !== undefined) return found;
  const names = contexts.list.map((context) => context.name).join(', ');
  throw usageFailure(`no such context: ${JSON.stringify(name)}`, {
    hint: names === '' ? 'Sign in first: `lazaret login URL`.' : `Contexts: ${names}.`,
  });
}

export function contextsPath(directory: string): string {
  return join(directory, 'contexts.yaml');
}

async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const { size, mode } = await stat(path);
    if (size > cliLimits.fileBytes) throw new Error(`larger than ${cliLimits.fileBytes} bytes`);
    // an editor or a copy may have changed the mode
    if ((mode & 0o077) !== 0) await chmod(path, privateMode);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new Failure(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function parseContexts(value: unknown): Contexts {
  if (value === null || value === undefined) return { current: undefined, list: [] };
  const { current, contexts } = value as { current?: unknown; contexts?: unknown };
  if (!Array.isArray(contexts)) throw new Error('expected a list "contexts"');
  return {
    current: typeof current === 'string' ? current : undefined,
    list: contexts.slice(0, cliLimits.contexts).map(parseContext),
  };
}

function parseContext(value: unknown, index: number): Context {
  const fields = (value ?? {}) as Record<string, unknown>;
  const text = (key: string): string => {
    const field = fields[key];
    if (typeof field !== 'string' || field === '') {
      throw new Error(`contexts[${index}].${key}: expected text`);
    }
    return field;
  };
  return {
    name: text('name'),
    server: text('server'),
    token: text('token'),
    tokenId: typeof fields['tokenId'] === 'string' ? fields['tokenId'] : undefined,
    user: text('user'),
  };
}
