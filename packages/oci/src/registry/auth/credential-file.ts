/** Parser of credential files of Docker, the containers tools and Kubernetes. */
import { parse as parseYaml } from 'yaml';

import { z } from 'zod';

import type { Credential } from './credential.ts';

export interface CredentialFile {
  /** By key as written in the file; see matchKey. */
  readonly entries: ReadonlyMap<string, Credential>;
  /** Credential helpers by key. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The helper for every other host. */
  readonly store?: string;
}

/**
 * `docker`: config.json and auth.json; `dockercfg`: the older format, without the outer object;
 * `secret`: a Kubernetes pull secret of either type in YAML or JSON, or the file inside it.
 */
export type CredentialFileForm = 'docker' | 'dockercfg' | 'secret';

/**
 * Warnings would be printed and quote the text; pretty errors count lines from the start for each
 * error, which is quadratic for malformed text.
 */
const yamlOptions = { maxAliasCount: 10, logLevel: 'error', prettyErrors: false } as const;

/** Throws an Error whose message does not reveal the content. */
export function parseCredentialFile(text: string, form: CredentialFileForm): CredentialFile {
  try {
    if (form === 'docker') return readConfig(JSON.parse(text));
    if (form === 'dockercfg') return readEntries(JSON.parse(text));
    return readSecret(parseYaml(text, yamlOptions));
  } catch {
    // The messages of the parsers quote the text.
    throw new Error('invalid format');
  }
}

const entry = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
  registrytoken: z.string().nullish(),
});
const entries = z.record(z.string(), entry);
const config = z.object({
  auths: entries.nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});
const encoded = z.record(z.string(), z.string()).nullish();
const secret = z.object({ kind: z.literal('Secret'), data: encoded, stringData: encoded });

function readConfig(value: unknown): CredentialFile {
  const { auths, credHelpers, credsStore } = config.parse(value);
  return {
    ...readEntries(auths ?? {}),
    helpers: new Map(Object.entries(credHelpers ?? {})),
    ...(credsStore ? { store: credsStore } : {}),
  };
}

function readEntries(value: unknown): CredentialFile {
  const found = new Map<string, Credential>();
  for (const [key, one] of Object.entries(entries.parse(value))) {
    const credential = readEntry(one);
    if (credential !== undefined) found.set(key, credential);
  }
  return { entries: found, helpers: new Map() };
}

function readSecret(value: unknown): CredentialFile {
  const parsed = secret.safeParse(value);
  if (!parsed.success) {
    const isOuter = config.safeParse(value).data?.auths !== undefined;
    return isOuter ? readConfig(value) : readEntries(value);
  }
  const { data, stringData } = parsed.data;
  const field = (name: string): string | undefined => {
    const coded = data?.[name];
    return coded === undefined ? stringData?.[name] : Buffer.from(coded, 'base64').toString('utf8');
  };
  const current = field('.dockerconfigjson');
  if (current !== undefined) return readConfig(JSON.parse(current));
  const older = field('.dockercfg');
  if (older === undefined) throw new Error('the secret is not a pull secret');
  return readEntries(JSON.parse(older));
}

/**
 * Tokens take precedence over passwords: a helper or a login leaves the other fields empty or
 * stale.
 */
function readEntry(one: z.output<typeof entry>): Credential | undefined {
  const decoded = decodeAuth(one.auth ?? '');
  const username = one.username || decoded?.username;
  if (one.registrytoken) return { kind: 'bearer', token: one.registrytoken };
  if (one.identitytoken) {
    return { kind: 'identity', token: one.identitytoken, ...(username ? { username } : {}) };
  }
  const password = one.password || decoded?.password;
  return username && password ? { kind: 'password', username, password } : undefined;
}

/** `user:password` in base64; the password may contain colons, and old files end it with NULs. */
function decodeAuth(auth: string): { username: string; password: string } | undefined {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon <= 0) return undefined;
  let end = text.length;
  while (end > colon && text.charCodeAt(end - 1) === 0) end -= 1;
  return { username: text.slice(0, colon), password: text.slice(colon + 1, end) };
}
