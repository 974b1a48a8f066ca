/**
 * Whether a request comes from the sender of the hook. Pure, and done before anything in the body
 * is read: over exactly the bytes that the sender signs, in constant time. What is missing, empty
 * or repeated is never authentic. The answer contains the bytes to read, which are the signed ones.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import type { HookKind } from '@lazaret/protocol';

import { verifyGoogleToken, type GoogleCredential } from './google-token.ts';
import { headerOf } from './shapes/fields.ts';

/** A request as received, before anything is known of it. */
export interface HookRequest {
  /** As sent, with escapes and query. */
  readonly path: string;
  /** All values by name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** What the sender of a hook proves itself with. */
export type HookCredential =
  | {
      readonly kind: 'header';
      readonly header: string;
      /** SHA-256 of the whole value. */
      readonly valueHash: Buffer;
    }
  | {
      readonly kind: 'path';
      /** SHA-256 of the last part of the path. */
      readonly tokenHash: Buffer;
    }
  | ({ readonly kind: 'hmac'; readonly key: string } & SignatureForm)
  | ({ readonly kind: 'oidc' } & GoogleCredential);

/** How a sender writes its signature. */
export interface SignatureForm {
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha1';
  /** Before the hexadecimal digits. */
  readonly prefix: string;
  /** `payload`: a form is signed by its decoded field of this name, anything else by its body. */
  readonly over: 'body' | 'payload';
}

/** The signatures of each kind that has one. */
export const signatureForms: Readonly<Partial<Record<HookKind, SignatureForm>>> = {
  gitea: { header: 'x-gitea-signature', algorithm: 'sha256', prefix: '', over: 'payload' },
  forgejo: { header: 'x-forgejo-signature', algorithm: 'sha256', prefix: '', over: 'payload' },
  github: {
    header: 'x-hub-signature-256',
    algorithm: 'sha256',
    prefix: 'sha256=',
    over: 'body',
  },
  jfrog: { header: 'x-jfrog-event-auth', algorithm: 'sha256', prefix: '', over: 'body' },
  nexus: { header: 'x-nexus-webhook-signature', algorithm: 'sha1', prefix: '', over: 'body' },
};

export type Authentication =
  | { readonly authentic: true; readonly content: Buffer }
  | { readonly authentic: false; readonly reason: string };

/** Checks a request at a time in milliseconds since 1970. */
export function authenticate(
  request: HookRequest,
  credential: HookCredential,
  nowMs: number,
): Authentication {
  const refusal = check(request, credential, nowMs);
  if (refusal !== undefined) return { authentic: false, reason: refusal };
  const payload = readForm(request);
  // A form without one such field has no content; its shape then says that it is not JSON.
  return { authentic: true, content: payload === undefined ? request.body : (payload ?? noBytes) };
}

const noBytes: Buffer = Buffer.alloc(0);

/** Why the request is not authentic; undefined if it is. */
function check(
  request: HookRequest,
  credential: HookCredential,
  nowMs: number,
): string | undefined {
  switch (credential.kind) {
    case 'header':
      return checkHeader(request, credential.header, credential.valueHash);
    case 'path':
      return checkPath(request, credential.tokenHash);
    case 'hmac':
      return checkSignature(request, credential);
    case 'oidc':
    default:
      return verifyGoogleToken(request.headers['authorization'] ?? [], credential, nowMs);
  }
}

function checkPath({ path }: HookRequest, tokenHash: Buffer): string | undefined {
  const [plain = ''] = path.split('?', 1);
  const token = plain.slice(plain.lastIndexOf('/') + 1);
  return hasHash(token, tokenHash) ? undefined : 'the secret in the path is wrong';
}

/** Senders with several values for a header send several lines; one of them is the secret. */
function checkHeader(
  { headers }: HookRequest,
  header: string,
  valueHash: Buffer,
): string | undefined {
  const values = headers[header.toLowerCase()] ?? [];
  if (values.every((value) => value === '')) return `the header ${header} is missing or empty`;
  const equal = values.filter((value) => hasHash(value, valueHash));
  return equal.length > 0 ? undefined : `the value of the header ${header} is wrong`;
}

function hasHash(text: string, hash: Buffer): boolean {
  if (text === '') return false;
  return timingSafeEqual(hashText(text), hash);
}

/** SHA-256 of a secret: what a value is compared with, so that lengths do not matter. */
export function hashText(text: string): Buffer {
  return hashBytes(Buffer.from(text));
}

/** SHA-256. */
export function hashBytes(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function checkSignature(
  request: HookRequest,
  { key, header, algorithm, prefix, over }: SignatureForm & { readonly key: string },
): string | undefined {
  if (key === '') return 'the hook has no key to check signatures with';
  const value = headerOf(request.headers, header);
  if (value === null) return `the header ${header} is missing, empty or repeated`;
  const digits = value.startsWith(prefix) ? value.slice(prefix.length) : '';
  if (digits === '') return `the signature in ${header} is empty`;
  const payload = over === 'payload' ? readForm(request) : undefined;
  if (payload === null) return 'the form has not exactly one field "payload"';
  const wanted = createHmac(algorithm, key)
    .update(payload ?? request.body)
    .digest();
  const isHex = digits.length === wanted.length * 2 && /^[0-9a-f]+$/i.test(digits);
  const given = isHex ? Buffer.from(digits, 'hex') : Buffer.alloc(wanted.length);
  const isEqual = timingSafeEqual(given, wanted);
  return isHex && isEqual ? undefined : `the signature in ${header} does not match`;
}

/**
 * The decoded field `payload` of a form; null if the form has none or several of them, undefined
 * for any other body.
 */
function readForm({ headers, body }: HookRequest): Buffer | null | undefined {
  const type = headerOf(headers, 'content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return undefined;
  const fields = new URLSearchParams(body.toString('latin1')).getAll('payload');
  const [payload] = fields;
  return fields.length === 1 && payload !== undefined ? Buffer.from(payload) : null;
}
