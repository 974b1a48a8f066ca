/** Errors for refused requests and lost connections: without secrets, with what to do. */
import { SourceError } from '../../source-error.ts';

/** Redacts secrets, in all their encodings, from texts before they are shown. */
export class Secrets {
  readonly #known = new Set<string>();

  add(secret: string): void {
    if (secret.length < 4) return;
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    for (const form of forms) this.#known.add(form);
  }

  /** Makes untrusted text safe for a message: one line, short, secrets redacted. */
  clean(text: string): string {
    let clean = text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, '***');
    clean = clean.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
    return clean.length > 300 ? `${clean.slice(0, 300)}...` : clean;
  }
}

/** A URL for messages, without its query, which may contain signatures. */
export function plainUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

export interface Refusal {
  readonly status: number;
  /** The subject of the request: `lab/app:1.2 at registry.lab`. */
  readonly what: string;
  /** The start of the body, already limited. */
  readonly body: Uint8Array;
}

/** An unexpected response as a SourceError. */
export function refusal({ status, what, body }: Refusal, secrets: Secrets): SourceError {
  const said = secrets.clean(errorText(body));
  const reason = said === '' ? '' : `: ${said}`;
  switch (status) {
    case 404:
      return new SourceError('not_found', `${what} does not exist${reason}`);
    case 401:
      return new SourceError(
        'unauthorized',
        `${what}: access denied, or it does not exist${reason}`,
      );
    case 403:
      return new SourceError('unauthorized', `${what}: access denied${reason}`);
    case 429:
      return new SourceError('rate_limited', `${what}: too many requests${reason}`);
    default: {
      const code = status >= 500 ? 'unreachable' : 'unsupported';
      return new SourceError(
        code,
        `${what}: the registry responded with status ${status}${reason}`,
      );
    }
  }
}

/** The first of the `errors` of the distribution specification, or the text itself. */
function errorText(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  try {
    const { code, message } = firstError(text);
    return [code, message].filter((one) => typeof one === 'string').join(': ');
  } catch {
    return text.trimStart().startsWith('<') ? '' : text;
  }
}

/** The code of that error, as `MANIFEST_UNKNOWN`; undefined when there is none. */
export function errorCode(body: Uint8Array): string | undefined {
  try {
    const { code } = firstError(Buffer.from(body).toString('utf8'));
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Throws when the text is not JSON. */
function firstError(text: string): { readonly code?: unknown; readonly message?: unknown } {
  const document = JSON.parse(text) as { errors?: unknown } | null;
  const errors = document?.errors;
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return typeof first === 'object' && first !== null ? first : {};
}

/** Thrown during name resolution, where errors have codes. */
export class PrivateAddressError extends Error {
  readonly code = 'LAZARET_PRIVATE_ADDRESS';

  constructor() {
    super('the address is not public');
  }
}

export interface PrivateAddress {
  readonly url: URL;
  /** The origin of the host name. */
  readonly namedBy: 'a caller' | 'a registry';
  /** The setting that lists allowed private hosts. */
  readonly setting: string;
}

/** A private address that was not named by the operator. */
export class PrivateHostError extends SourceError {}

export function privateAddressFailure({ url, namedBy, setting }: PrivateAddress): SourceError {
  const message = `${url.host}, named by ${namedBy}, has a private address`;
  return new PrivateHostError('unreachable', `${message}; add it to ${setting} to allow it`);
}
