/**
 * Secrets and other files by reference: `file:PATH`, `env:NAME`. They are read at each use, so that
 * a changed file is effective at once, and never stored. Callers of the API may only refer to
 * places that exist for this: otherwise they could send, or compare with what they send, any file
 * of the server.
 */
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

export interface FilePlaces {
  /** The only directory with files that callers may name; relative paths start there. */
  readonly directory: string;
  /** `file`: the operator named it in the configuration file, and may name any place. */
  readonly source: 'api' | 'file';
}

export interface SecretPlaces extends FilePlaces {
  /** Variables that callers may name begin with it. */
  readonly variablePrefix: string;
  /** The value of a variable of the environment. */
  readonly variable: (name: string) => string | undefined;
  readonly maxBytes: number;
}

/** A secret that cannot be read; the message contains nothing of it. */
export class SecretUnavailable extends Error {}

/** The secret without the line feed at its end. Throws SecretUnavailable. */
export async function readSecretReference(
  reference: string,
  places: SecretPlaces,
): Promise<string> {
  const [scheme, target] = split(reference);
  const secret =
    scheme === 'env' ? readVariable(target, places) : await readReferencedFile(target, places);
  const trimmed = secret.replace(/\r?\n$/, '');
  if (trimmed === '') throw new SecretUnavailable(`${reference} is empty`);
  return trimmed;
}

/** What is wrong with a reference, as far as it is known before the secret is read. */
export function describeInvalidReference(
  reference: string,
  places: Pick<SecretPlaces, 'variablePrefix' | 'source'>,
): string | undefined {
  const [scheme, target] = split(reference);
  if (scheme !== 'env' || mayNameVariable(target, places)) return undefined;
  return `expected a variable whose name begins with ${places.variablePrefix}, received ${target}`;
}

/** Callers of the API may only name variables with the prefix. */
export function mayNameVariable(
  name: string,
  { variablePrefix, source }: Pick<SecretPlaces, 'variablePrefix' | 'source'>,
): boolean {
  return source === 'file' || name.startsWith(variablePrefix);
}

/** The absolute path; undefined when callers may not name it. The file need not exist. */
export function resolveReferencedFile(
  path: string,
  { directory, source }: FilePlaces,
): string | undefined {
  const absolute = resolve(directory, path);
  if (source === 'file') return absolute;
  const inside = relative(directory, absolute);
  const isInside = inside !== '' && !/^\.\.(?:[/\\]|$)/.test(inside) && !isAbsolute(inside);
  return isInside ? absolute : undefined;
}

function split(reference: string): readonly [string, string] {
  const colon = reference.indexOf(':');
  return [reference.slice(0, colon), reference.slice(colon + 1)];
}

function readVariable(name: string, places: SecretPlaces): string {
  const { variablePrefix, variable } = places;
  if (!mayNameVariable(name, places)) {
    throw new SecretUnavailable(`the variable ${name} does not begin with ${variablePrefix}`);
  }
  const value = variable(name);
  if (value === undefined) {
    throw new SecretUnavailable(`the variable ${name} is not set for the server`);
  }
  return value;
}

/** A file as text; symbolic links must not lead out of the directory. Throws SecretUnavailable. */
export async function readReferencedFile(
  path: string,
  { directory, source, maxBytes }: FilePlaces & Pick<SecretPlaces, 'maxBytes'>,
): Promise<string> {
  const wanted = resolve(directory, path);
  try {
    const real = await realpath(wanted);
    if (source === 'api' && !real.startsWith((await realpath(directory)) + sep)) {
      throw new SecretUnavailable(`the file ${path} is not in the directory ${directory}`);
    }
    await using file = await open(real);
    const status = await file.stat();
    if (!status.isFile() || status.size > maxBytes) {
      throw new SecretUnavailable(`the file ${path} is not a file of at most ${maxBytes} bytes`);
    }
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof SecretUnavailable) throw error;
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw new SecretUnavailable(`the file ${path} in ${directory} cannot be read (${code})`);
  }
}
