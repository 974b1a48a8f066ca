/** Reads the credentials of a call: an API token in Authorization, or the session cookie. */
import { Problem } from '@lazaret/protocol';

export const sessionCookie = 'lazaret_session';
export const tokenPrefix = 'lz';
export const sessionPrefix = 'lzs';
export const linkPrefix = 'lzl';

/** Headers as Node gives them, names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type Credentials =
  | { readonly kind: 'token'; readonly secret: string }
  | { readonly kind: 'session'; readonly secret: string };

const secretFormat = /^[A-Za-z0-9_-]{43}$/;

/**
 * The credentials of the call, or undefined without any. Authorization takes precedence over the
 * cookie. Anything other than a well-formed credential is refused with `unauthenticated`: a
 * mistyped token must not pass as anonymous where anonymous callers are allowed.
 */
export function readCredentials(headers: RequestHeaders): Credentials | undefined {
  const { authorization, cookie } = headers;
  if (authorization !== undefined) return readToken(String(authorization));
  return readSession(cookie === undefined ? '' : String(cookie));
}

function readToken(header: string): Credentials {
  const [scheme = '', secret, ...rest] = header.trim().split(/ +/);
  if (scheme.toLowerCase() !== 'bearer') {
    throw refused('expected `Authorization: Bearer TOKEN`, received another scheme');
  }
  if (secret === undefined || rest.length > 0 || !isSecret(secret, tokenPrefix)) {
    throw refused(`expected an API token, which begins with ${tokenPrefix}_ and has 46 characters`);
  }
  return { kind: 'token', secret };
}

function readSession(header: string): Credentials | undefined {
  const values = header.split(';').flatMap((pair) => {
    const [name = '', ...value] = pair.split('=');
    return name.trim() === sessionCookie ? [value.join('=').trim()] : [];
  });
  const [secret] = values;
  if (secret === undefined) return undefined;
  if (values.length > 1) throw refused(`expected one cookie ${sessionCookie}, received several`);
  if (!isSecret(secret, sessionPrefix)) {
    throw refused('the session cookie is malformed; sign in again');
  }
  return { kind: 'session', secret };
}

function isSecret(text: string, prefix: string): boolean {
  return text.startsWith(`${prefix}_`) && secretFormat.test(text.slice(prefix.length + 1));
}

/** An invalid credential, and the reason. */
export function refused(detail: string): Problem {
  return new Problem('unauthenticated', detail, {
    headers: { 'www-authenticate': 'Bearer realm="lazaret", error="invalid_token"' },
  });
}
