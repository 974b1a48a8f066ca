/**
 * Tokens with which Google Pub/Sub signs its requests (OIDC): RS256 over a JSON Web Token. Every
 * claim is checked, and the algorithm is fixed: a token does not choose how it is verified.
 */
import { createPublicKey, verify, type KeyObject, type webcrypto } from 'node:crypto';

import { units } from '@lazaret/protocol/units';

import { readObject, textOf, type Fields } from './shapes/fields.ts';

const { minuteMs } = units;

/** A public key as Google publishes it. */
export interface GoogleKey {
  readonly keyId: string;
  readonly key: KeyObject;
}

export interface GoogleCredential {
  /** The audience that the subscription is configured with. */
  readonly audience: string;
  /** E-mail address of the service account that the subscription uses. */
  readonly serviceAccount: string;
  readonly keys: readonly GoogleKey[];
}

/** Both forms of the issuer that Google documents. */
const issuers: ReadonlySet<string> = new Set([
  'https://accounts.google.com',
  'accounts.google.com',
]);
/** How far the clocks may differ. */
const skewMs = minuteMs;
const minModulusBits = 2_048;
const maxTokenChars = 8_192;

/** Why the token is refused; undefined if it is valid. */
export function verifyGoogleToken(
  authorization: readonly string[],
  credential: GoogleCredential,
  nowMs: number,
): string | undefined {
  const token = parseToken(authorization);
  if (typeof token === 'string') return token;
  if (token.header['crit'] !== undefined) return 'the token has unsupported extensions';
  if (token.header['alg'] !== 'RS256') return 'the algorithm of the token is not RS256';
  const found = credential.keys.find(({ keyId }) => keyId === token.header['kid']);
  if (found === undefined) return 'the token is signed by an unknown key';
  if (!verify('RSA-SHA256', Buffer.from(token.signed), found.key, token.signature)) {
    return 'the signature of the token does not match';
  }
  return checkClaims(token.claims, credential, nowMs);
}

/** The key that a token names, to fetch keys when it is not among those that are known. */
export function readKeyId(authorization: readonly string[]): string | undefined {
  const token = parseToken(authorization);
  return typeof token === 'string' ? undefined : (textOf(token.header, 'kid') ?? undefined);
}

interface Token {
  readonly header: Fields;
  readonly claims: Fields;
  readonly signed: string;
  readonly signature: Buffer;
}

function parseToken(authorization: readonly string[]): Token | string {
  const [value = ''] = authorization;
  if (authorization.length !== 1) return 'the header Authorization is missing or repeated';
  if (value.length > maxTokenChars) return 'the token is too long';
  const parts = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(value);
  if (parts === null) return 'expected a JSON Web Token in the header Authorization';
  const [, head = '', body = '', signature = ''] = parts;
  const header = readObject(Buffer.from(head, 'base64url'));
  const claims = readObject(Buffer.from(body, 'base64url'));
  if (typeof header === 'string' || typeof claims === 'string') return 'the token is malformed';
  return {
    ...{ header, claims },
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function checkClaims(
  claims: Fields,
  { audience, serviceAccount }: GoogleCredential,
  nowMs: number,
): string | undefined {
  if (!issuers.has(textOf(claims, 'iss') ?? '')) return 'the issuer of the token is not Google';
  if (textOf(claims, 'aud') !== audience) return 'the audience of the token is another one';
  if (textOf(claims, 'email') !== serviceAccount || claims['email_verified'] !== true) {
    return 'the service account of the token is another one';
  }
  const { exp, iat } = claims;
  if (typeof exp !== 'number' || typeof iat !== 'number') return 'the token has no time';
  if (exp * 1000 + skewMs <= nowMs) return 'the token has expired';
  if (iat * 1000 - skewMs > nowMs) return 'the token was issued in the future';
  return undefined;
}

/** The keys of a JSON Web Key Set that can verify RS256; others are ignored. */
export function readKeySet(document: Fields): readonly GoogleKey[] {
  const { keys } = document;
  if (!Array.isArray(keys)) return [];
  return keys.slice(0, maxKeys).flatMap((jwk: unknown) => {
    const fields = jwk as Fields | null;
    const keyId = textOf(fields ?? undefined, 'kid');
    if (keyId === null || fields?.['kty'] !== 'RSA') return [];
    try {
      const key = createPublicKey({ key: fields as webcrypto.JsonWebKey, format: 'jwk' });
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return bits < minModulusBits ? [] : [{ keyId, key }];
    } catch {
      return [];
    }
  });
}

const maxKeys = 32;
