/** Secrets of hooks, by reference. */
import { Problem } from '@lazaret/protocol';

import {
  describeInvalidReference,
  readSecretReference,
  SecretUnavailable,
} from '../floor/secret-reference.ts';
import { hookLimits } from './limits.ts';

export interface SecretPlaces {
  /** The only directory with files of secrets that the API may name. */
  readonly directory: string;
  /** The value of a variable of the environment. */
  readonly variable: (name: string) => string | undefined;
}

/** Who defined a hook: its operator in the configuration file, or a caller of the API. */
export type HookSource = 'api' | 'file';

const shared = { variablePrefix: 'HOOK_', maxBytes: hookLimits.secretBytes } as const;

/** The secret without the line feed at its end. Throws the problem `hook_secret_unavailable`. */
export async function readSecret(
  reference: string,
  places: SecretPlaces,
  source: HookSource,
): Promise<string> {
  try {
    return await readSecretReference(reference, { ...places, ...shared, source });
  } catch (error) {
    if (error instanceof SecretUnavailable) {
      throw new Problem('hook_secret_unavailable', error.message);
    }
    throw error;
  }
}

/** Refuses a reference to another place, before it is stored. */
export function checkSecretReference(reference: string, field: string, source: HookSource): void {
  const message = describeInvalidReference(reference, { ...shared, source });
  if (message === undefined) return;
  throw new Problem('invalid_request', `${field}: ${message}`, {
    fields: [{ path: field, message }],
  });
}
