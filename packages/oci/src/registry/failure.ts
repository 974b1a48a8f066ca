/** How a registry's refusals and lost connections are told: without secrets, with what to do. */
import { SourceError, type SourceErrorCode, type SourceErrorOptions } from '../image-source.ts';

interface TransientOptions extends SourceErrorOptions {
  readonly afterMs?: number | undefined;
}

/** Passes by itself, perhaps: worth another attempt. */
export class TransientError extends SourceError {
  /** How long the registry asks to wait. */
  readonly afterMs: number | undefined;

  constructor(code: SourceErrorCode, message: string, options: TransientOptions = {}) {
    super(code, message, options);
    this.afterMs = options.afterMs;
  }
}

/** What must never be told, and its forms; texts go through it before anybody reads them. */
export class Secrets {
  readonly #known = new Set<string>();

  add(secret: string): void {
    if (secret.length < 4) return;
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    for (const form of forms) this.#known.add(form);
  }

  /** Foreign text made fit for a message: one line, short, secrets blotted out. */
  clean(text: string): string {
    let clean = text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, '***');
    clean = clean.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
    return clean.length > 300 ? `${clean.slice(0, 300)}...` : clean;
  }
}

/** A URL as it may be told: signatures stand in its query. */
export function plainUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

export interface Refusal {
  readonly status: number;
  /** What was asked for: `lab/app:1.2 at registry.lab`. */
  readonly what: string;
  /** The body, already cut to what is read of one. */
  readonly body: Uint8Array;
}

/** A final answer that is not the one wanted, as a SourceError. */
export function refusal({ status, what, body }: Refusal, secrets: Secrets): SourceError {
  const said = secrets.clean(errorText(body));
  const because = said === '' ? '' : `: ${said}`;
  switch (status) {
    case 404:
      return new SourceError('not_found', `${what} does not exist${because}`);
    case 401:
      return new SourceError(
        'unauthorized',
        `${what} is not to be had with these credentials, or does not exist${because}`,
      );
    case 403:
      return new SourceError('unauthorized', `${what} is refused${because}`);
    case 429:
      return new SourceError('rate_limited', `${what}: too many requests${because}`);
    default: {
      const code = status >= 500 ? 'unreachable' : 'unsupported';
      return new SourceError(code, `${what}: the registry answered ${status}${because}`);
    }
  }
}

/** The first of the specification's `errors`, or the text as it is. */
function errorText(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown };
    const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
    if (typeof first !== 'object' || first === null) return '';
    const { code, message } = first as { code?: unknown; message?: unknown };
    return [code, message].filter((one) => typeof one === 'string').join(': ');
  } catch {
    return text.trimStart().startsWith('<') ? '' : text;
  }
}

/** Thrown where a name is resolved, whose errors carry codes. */
export class PrivateAddressError extends Error {
  readonly code = 'LAZARET_PRIVATE_ADDRESS';

  constructor() {
    super('the address is not public');
  }
}

export interface PrivateAddress {
  readonly url: URL;
  /** Whose word led there. */
  readonly namedBy: 'a caller' | 'a registry';
  /** Where such hosts are listed. */
  readonly setting: string;
}

/** An address inside this network that nobody with a say in it named. */
export function privateAddressFailure({ url, namedBy, setting }: PrivateAddress): SourceError {
  const message = `${url.host} has an address inside this network, and ${namedBy} named it`;
  return new SourceError('unreachable', `${message}; ${setting} lists those that may be asked`);
}
