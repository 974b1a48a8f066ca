/** What a hook compares requests with: made of its row and of what the row refers to. */
import { Problem, type HookKind } from '@lazaret/protocol';

import { hashText, signatureForms, type HookCredential } from './authenticate.ts';
import type { GoogleKeys } from './google-keys.ts';
import { readKeyId, readKeySet, type GoogleKey } from './google-token.ts';
import { readSecret, type SecretPlaces } from './secrets.ts';
import { readObject } from './shapes/fields.ts';
import { sourceOf, type HookRow } from './store.ts';

export interface CredentialParts {
  readonly secrets: SecretPlaces;
  readonly googleKeys: GoogleKeys;
}

/** Reads references at each use. Throws `hook_secret_unavailable`, `unavailable` without keys. */
export async function readCredential(
  hook: HookRow,
  { secrets, googleKeys }: CredentialParts,
  authorization: readonly string[],
): Promise<HookCredential> {
  if (hook.authentication === 'oidc') {
    const { audience, service_account: serviceAccount, keys_reference: reference } = hook;
    if (audience === null || serviceAccount === null) throw new Error('a hook without an account');
    const keys =
      reference === null
        ? await googleKeys.find(readKeyId(authorization))
        : await readKeys(hook, reference, secrets);
    return { kind: 'oidc', audience, serviceAccount, keys };
  }
  const { secret_reference: reference } = hook;
  const secret =
    reference === null ? hook.secret_key : await readSecret(reference, secrets, sourceOf(hook));
  return secret === null ? compareHash(hook) : credentialOf(hook, secret);
}

/** The credential of a hook with a secret, whatever the secret is. */
export function credentialOf(hook: HookRow, secret: string): HookCredential {
  switch (hook.authentication) {
    case 'hmac': {
      const form = signatureForms[hook.kind as HookKind];
      if (form === undefined) throw new Error(`${hook.kind} has no signature`);
      return { kind: 'hmac', key: secret, ...form };
    }
    case 'path':
      return { kind: 'path', tokenHash: hashText(secret) };
    default:
      return { kind: 'header', header: headerOfHook(hook), valueHash: hashText(secret) };
  }
}

/** A generated secret that is only compared is stored as its hash. */
function compareHash(hook: HookRow): HookCredential {
  const { secret_hash: hash } = hook;
  if (hash === null) throw new Error(`the hook ${hook.name} has no secret`);
  if (hook.authentication === 'path') return { kind: 'path', tokenHash: hash };
  return { kind: 'header', header: headerOfHook(hook), valueHash: hash };
}

function headerOfHook({ header, name }: HookRow): string {
  if (header === null) throw new Error(`the hook ${name} has no header`);
  return header;
}

async function readKeys(
  hook: HookRow,
  reference: string,
  secrets: SecretPlaces,
): Promise<readonly GoogleKey[]> {
  const document = readObject(Buffer.from(await readSecret(reference, secrets, sourceOf(hook))));
  const keys = typeof document === 'string' ? [] : readKeySet(document);
  if (keys.length > 0) return keys;
  throw new Problem(
    'hook_secret_unavailable',
    `${reference} contains no RSA key of at least 2048 bits; expected a JSON Web Key Set`,
  );
}
