/** Meaning of the password field, crypt(5). */
import type { PasswordFact } from '@lazaret/protocol';

export interface PasswordState {
  readonly state: PasswordFact['state'];
  /** Absent when there is no hash that any password could match. */
  readonly scheme?: string;
}

/** By the identifier between the first two dollar signs. */
const schemes: ReadonlyMap<string, string> = new Map([
  ['1', 'md5crypt'],
  ['2', 'bcrypt'],
  ['2a', 'bcrypt'],
  ['2b', 'bcrypt'],
  ['2x', 'bcrypt'],
  ['2y', 'bcrypt'],
  ['3', 'nt'],
  ['5', 'sha256crypt'],
  ['6', 'sha512crypt'],
  ['7', 'scrypt'],
  ['argon2d', 'argon2d'],
  ['argon2i', 'argon2i'],
  ['argon2id', 'argon2id'],
  ['gy', 'gost-yescrypt'],
  ['md5', 'sunmd5'],
  ['sha1', 'sha1crypt'],
  ['sm3', 'sm3crypt'],
  ['sm3y', 'sm3-yescrypt'],
  ['y', 'yescrypt'],
]);

/**
 * `!` before a hash locks it, and a value that is not a hash (`*`, `!!`, `LK`) matches no password.
 * An empty field requires none.
 */
export function describePassword(field: string): PasswordState {
  if (field === '') return { state: 'empty' };
  const locked = /^[!*]/.test(field);
  const scheme = schemeOf(field.replace(/^[!*]+/, ''));
  if (scheme === undefined) return { state: 'locked' };
  return { state: locked ? 'locked' : 'set', scheme };
}

function schemeOf(hash: string): string | undefined {
  const [, name] = /^\$([a-z0-9]+)[$,]/.exec(hash) ?? [];
  if (name !== undefined) return schemes.get(name) ?? 'unknown';
  if (/^_[./0-9A-Za-z]{19}$/.test(hash)) return 'bsdicrypt';
  if (/^[./0-9A-Za-z]{13}$/.test(hash)) return 'des';
  // Several blocks of DES, one after another.
  return /^[./0-9A-Za-z]{24,178}$/.test(hash) ? 'bigcrypt' : undefined;
}
