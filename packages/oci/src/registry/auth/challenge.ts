/**
 * Parser of `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 7235): several challenges in one
 * header or in several, tokens or quoted strings as values, commas and equals signs inside quotes.
 * A single pass over the text, without a regular expression over the whole.
 */
import { ociLimits } from '../../limits.ts';

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. A name given twice keeps its first value. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parsing of a header stops at the first error; the challenges before it are kept. */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => {
    return header.length > ociLimits.registryChallengeChars ? [] : parseHeader(header);
  });
}

interface Building {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

function parseHeader(text: string): Challenge[] {
  const found: Building[] = [];
  const cursor = new Cursor(text);
  for (;;) {
    cursor.skip(' \t,');
    const word = cursor.token();
    if (word === '') return found;
    const value = cursor.value();
    const current = found.at(-1);
    if (value === undefined) {
      found.push({ scheme: word.toLowerCase(), parameters: new Map() });
      cursor.skipCredentials();
    } else if (value.ok && current !== undefined) {
      const name = word.toLowerCase();
      if (!current.parameters.has(name)) current.parameters.set(name, value.text);
    } else return found;
  }
}

const tokenChar = /[!#$%&'*+.^_`|~0-9A-Za-z-]/;

class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skip(chars: string): void {
    while (this.#at < this.#text.length && chars.includes(this.#text.charAt(this.#at))) {
      this.#at += 1;
    }
  }

  token(): string {
    const start = this.#at;
    while (tokenChar.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  /** The value after an equals sign; undefined when there is none. */
  value(): { readonly ok: boolean; readonly text: string } | undefined {
    const before = this.#at;
    this.skip(' \t');
    if (this.#text.charAt(this.#at) !== '=') {
      this.#at = before;
      return undefined;
    }
    this.#at += 1;
    this.skip(' \t');
    if (this.#text.charAt(this.#at) === '"') return this.#quoted();
    const start = this.#at;
    // Looser than the grammar: Distribution's older versions leave URLs unquoted.
    while (this.#at < this.#text.length && !' \t,"'.includes(this.#text.charAt(this.#at))) {
      this.#at += 1;
    }
    return { ok: true, text: this.#text.slice(start, this.#at) };
  }

  /** A scheme may have a single value (`token68`) instead of parameters, as Negotiate does. */
  skipCredentials(): void {
    const before = this.#at;
    this.skip(' \t');
    const start = this.#at;
    while (/[A-Za-z0-9._~+/-]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    const word = this.#at > start;
    this.skip('=');
    const end = this.#at;
    this.skip(' \t');
    const rest = this.#text.charAt(this.#at);
    if (!word || (rest !== ',' && rest !== '') || before === start) this.#at = before;
    else this.#at = end;
  }

  #quoted(): { readonly ok: boolean; readonly text: string } {
    this.#at += 1;
    const pieces: string[] = [];
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      this.#at += 1;
      if (char === '"') return { ok: true, text: pieces.join('') };
      if (char === '\\') {
        pieces.push(this.#text.charAt(this.#at));
        this.#at += 1;
      } else pieces.push(char);
    }
    return { ok: false, text: '' };
  }
}
