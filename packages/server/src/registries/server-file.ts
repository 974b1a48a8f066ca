/**
 * Files and variables of the server that a registry refers to. Callers of the API may only name
 * those that its operator put there for registries: otherwise a registry at any address would be
 * sent any file of the server as a password.
 */
import { open } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';

import { SourceError } from '@lazaret/oci';

export interface ReferencePlace {
  /** Of the data directory. */
  readonly directory: string;
  /** `file`: defined by the operator, in the configuration file. */
  readonly source: 'api' | 'file';
}

/** Variables that the API may name. */
export const variablePrefix = 'REGISTRY_';

/** The absolute path; undefined when callers may not name it. */
export function resolveServerFile(
  path: string,
  { directory, source }: ReferencePlace,
): string | undefined {
  const absolute = resolve(directory, path);
  if (source === 'file') return absolute;
  const inside = relative(directory, absolute);
  const isInside = inside !== '' && !inside.startsWith('..') && !isAbsolute(inside);
  return isInside ? absolute : undefined;
}

export function mayNameVariable(name: string, { source }: ReferencePlace): boolean {
  return source === 'file' || name.startsWith(variablePrefix);
}

/** Throws SourceError with what is wrong, without any of the content. */
export async function readServerFile(
  path: string,
  about: { readonly what: string; readonly maxBytes: number; readonly place: ReferencePlace },
): Promise<string> {
  const { what, maxBytes, place } = about;
  const absolute = resolveServerFile(path, place);
  if (absolute === undefined) throw unreadable(what, path, 'it is outside the allowed directory');
  try {
    const file = await open(absolute, 'r');
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw unreadable(what, path, `it is larger than ${maxBytes} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw unreadable(what, path, (error as NodeJS.ErrnoException).code ?? 'unknown error');
  }
}

function unreadable(what: string, path: string, why: string): SourceError {
  return new SourceError('unauthorized', `${what} ${path} cannot be read: ${why}`);
}
