/** Secrets and certificates of targets, by reference. */
import {
  readSecretReference,
  SecretUnavailable,
  type SecretPlaces,
} from '../floor/secret-reference.ts';
import { notificationLimits } from './limits.ts';
import type { Target } from './target-store.ts';

/** Variables that the API may name begin with it. */
export const variablePrefix = 'NOTIFICATION_';

/** Where secrets are, for all targets. */
export interface TargetPlaces {
  /** The only directory with files that the API may name. */
  readonly directory: string;
  readonly variable: (name: string) => string | undefined;
  /** Where targets of kind `file` that the API added write to. */
  readonly exports: string;
}

/** Throws SecretUnavailable. */
export function readTargetSecret(
  reference: string,
  { source }: Target,
  places: TargetPlaces,
): Promise<string> {
  return readSecretReference(reference, describePlaces(source, places));
}

/** The certificate authorities (PEM) of a target; none unless it has a file. */
export async function readAuthorities(
  { source, settings }: Target,
  places: TargetPlaces,
): Promise<string[]> {
  if (settings.caFile === '') return [];
  const maxBytes = notificationLimits.authorityBytes;
  const text = await readSecretReference(`file:${settings.caFile}`, {
    ...describePlaces(source, places),
    maxBytes,
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return [text];
  throw new SecretUnavailable(`the file ${settings.caFile} contains no certificate (PEM)`);
}

function describePlaces(source: Target['source'], places: TargetPlaces): SecretPlaces {
  return { ...places, source, variablePrefix, maxBytes: notificationLimits.secretBytes };
}
