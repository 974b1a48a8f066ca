/**
 * Files of the server that a registry refers to, and variables with its credentials. Callers of the
 * API may only name those that its operator put there for registries.
 */
import { SourceError } from '@lazaret/oci';

import {
  readReferencedFile,
  SecretUnavailable,
  type FilePlaces,
} from '../floor/secret-reference.ts';

/** Variables that the API may name. */
export const variablePrefix = 'REGISTRY_';

/** Throws SourceError with what is wrong, without any of the content. */
export async function readServerFile(
  path: string,
  about: { readonly what: string; readonly maxBytes: number; readonly place: FilePlaces },
): Promise<string> {
  const { what, maxBytes, place } = about;
  try {
    return await readReferencedFile(path, { ...place, maxBytes });
  } catch (error) {
    if (!(error instanceof SecretUnavailable)) throw error;
    throw new SourceError('unauthorized', `${what} cannot be read: ${error.message}`);
  }
}
