/**
 * Secrets by reference. They are read at each use, so that a changed file is effective at once, and
 * only from places that exist for this: who may configure hooks must not be able to compare
 * arbitrary files of the server with what they send.
 */
import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import { Problem } from '@lazaret/protocol';

import { hookLimits } from './limits.ts';

export interface SecretPlaces {
  /** The only directory with files of secrets. */
  readonly directory: string;
  /** The value of a variable of the environment. */
  readonly variable: (name: string) => string | undefined;
}

const variablePrefix = 'HOOK_';

/** The secret without the line feed at its end. Throws the problem `hook_secret_unavailable`. */
export async function readSecret(reference: string, places: SecretPlaces): Promise<string> {
  const [scheme, target] = split(reference);
  const secret =
    scheme === 'env' ? readVariable(target, places) : await readFile(target, places.directory);
  const trimmed = secret.replace(/\r?\n$/, '');
  if (trimmed === '') throw unavailable(`${reference} is empty`);
  return trimmed;
}

/** Refuses a reference to another place, before it is stored. */
export function checkSecretReference(reference: string, field: string): void {
  const [scheme, target] = split(reference);
  if (scheme !== 'env' || target.startsWith(variablePrefix)) return;
  const message = `expected a variable whose name begins with ${variablePrefix}, received ${target}`;
  throw new Problem('invalid_request', `${field}: ${message}`, {
    fields: [{ path: field, message }],
  });
}

function split(reference: string): readonly [string, string] {
  const colon = reference.indexOf(':');
  return [reference.slice(0, colon), reference.slice(colon + 1)];
}

function readVariable(name: string, { variable }: SecretPlaces): string {
  if (!name.startsWith(variablePrefix)) {
    throw unavailable(`the variable ${name} does not begin with ${variablePrefix}`);
  }
  const value = variable(name);
  if (value === undefined) throw unavailable(`the variable ${name} is not set for the server`);
  return value;
}

async function readFile(path: string, directory: string): Promise<string> {
  const wanted = resolve(directory, path);
  try {
    const real = await realpath(wanted);
    if (!real.startsWith((await realpath(directory)) + sep)) {
      throw unavailable(`the file ${path} is not in the directory ${directory}`);
    }
    await using file = await open(real);
    const status = await file.stat();
    if (!status.isFile() || status.size > hookLimits.secretBytes) {
      throw unavailable(
        `the file ${path} is not a file of at most ${hookLimits.secretBytes} bytes`,
      );
    }
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw unavailable(`the file ${path} in ${directory} cannot be read (${code})`);
  }
}

function unavailable(detail: string): Problem {
  return new Problem('hook_secret_unavailable', detail);
}
