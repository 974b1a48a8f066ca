/**
 * Credential lookup, in order: given credentials, Docker's configuration, files of the containers
 * tools, the legacy file, Kubernetes pull secrets. Changed files are reloaded, so that a login or a
 * rotated password takes effect without a restart.
 */
import { open } from 'node:fs/promises';

import { ociLimits } from '../../limits.ts';
import { SourceError } from '../../source-error.ts';
import {
  type CredentialFile,
  type CredentialFileForm,
  parseCredentialFile,
} from './credential-file.ts';

import { runHelper } from './credential-program.ts';

import { helperKeys, matchKey } from './credential-keys.ts';

import type { Credential, CredentialQuery, CredentialSource } from './credential.ts';

export interface CredentialOptions {
  /** By key as in credential files: `host`, `host/path`. */
  readonly given?: Readonly<Record<string, Credential>>;
  /** Docker's `config.json`. */
  readonly dockerConfig?: string;
  /** `auth.json` files of the containers tools, in order of precedence. */
  readonly containersAuth?: readonly string[];
  /** `.dockercfg`. */
  readonly dockercfg?: string;
  /** Files with Kubernetes pull secrets. */
  readonly pullSecrets?: readonly string[];
  /** Environment of credential helpers; no helper is started without it. */
  readonly helperEnvironment?: Readonly<Record<string, string>>;
}

/** Missing files are skipped; unreadable files are an error. */
export function openCredentials(options: CredentialOptions): CredentialSource {
  const given = new Map(Object.entries(options.given ?? {}));
  const files = listFiles(options).map(({ path, form }) => createWatchedFile(path, form));
  return {
    async find(query) {
      const own = bestEntry(given, query);
      if (own !== undefined) return own;
      for (const file of files) {
        const found = await findIn(await file(), query, options);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

interface NamedFile {
  readonly path: string;
  readonly form: CredentialFileForm;
}

function listFiles(options: CredentialOptions): NamedFile[] {
  const { dockerConfig, containersAuth = [], dockercfg, pullSecrets = [] } = options;
  const named = (path: string, form: CredentialFileForm): NamedFile => ({ path, form });
  return [
    ...(dockerConfig === undefined ? [] : [named(dockerConfig, 'docker')]),
    ...containersAuth.map((path) => named(path, 'docker')),
    ...(dockercfg === undefined ? [] : [named(dockercfg, 'dockercfg')]),
    ...pullSecrets.map((path) => named(path, 'secret')),
  ];
}

async function findIn(
  file: CredentialFile | undefined,
  query: CredentialQuery,
  { helperEnvironment }: CredentialOptions,
): Promise<Credential | undefined> {
  if (file === undefined) return undefined;
  const helper = bestEntry(file.helpers, query) ?? file.store;
  if (helper !== undefined && helperEnvironment !== undefined) {
    for (const key of helperKeys(query.host)) {
      const environment = helperEnvironment;
      const found = await runHelper(helper, key, { environment, signal: query.signal });
      if (found !== undefined) return found;
    }
  }
  return bestEntry(file.entries, query);
}

/** The most specific key that matches the repository. */
function bestEntry<T>(entries: ReadonlyMap<string, T>, query: CredentialQuery): T | undefined {
  let best: { readonly value: T; readonly score: number } | undefined;
  for (const [key, value] of entries) {
    const score = matchKey(key, query.host, query.repository);
    if (score !== undefined && (best === undefined || score > best.score)) best = { value, score };
  }
  return best?.value;
}

type WatchedFile = () => Promise<CredentialFile | undefined>;

function createWatchedFile(path: string, form: CredentialFileForm): WatchedFile {
  let known: { readonly state: string; readonly file: CredentialFile } | undefined;
  return async () => {
    const found = await readWhenChanged(path, known?.state);
    if (found === 'absent') known = undefined;
    else if (found !== 'same') {
      known = { state: found.state, file: parse(path, found.text, form) };
    }
    return known?.file;
  };
}

function parse(path: string, text: string, form: CredentialFileForm): CredentialFile {
  try {
    return parseCredentialFile(text, form);
  } catch (error) {
    throw unreadable(path, (error as Error).message);
  }
}

async function readWhenChanged(
  path: string,
  before: string | undefined,
): Promise<'absent' | 'same' | { readonly state: string; readonly text: string }> {
  try {
    const file = await open(path, 'r');
    try {
      const { ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
      const state = [ino, size, mtimeNs, ctimeNs].join(' ');
      if (state === before) return 'same';
      if (size > ociLimits.credentialFileBytes) throw unreadable(path, 'the file is too large');
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(ociLimits.credentialFileBytes),
        position: 0,
      });
      return { state, text: buffer.toString('utf8', 0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    throw unreadable(path, code);
  }
}

function unreadable(path: string, why: string): SourceError {
  return new SourceError('unauthorized', `the credential file ${path} cannot be read: ${why}`);
}
