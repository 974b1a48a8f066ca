/**
 * Ids: 16 characters of Crockford base 32, 48 bits of milliseconds and then 32 random bits. They
 * sort by time, so a list pages by id and stays stable while new rows arrive. An id is never a
 * secret: access depends on the projects of the caller.
 */
import { createHash, randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export function newId(nowMs: number = Date.now()): string {
  const random = randomBytes(4).readUInt32BE();
  return encode(BigInt(nowMs) * 2n ** 32n + BigInt(random));
}

/** The smallest id of a time, for ranges by time. */
export function idAt(ms: number): string {
  return encode(BigInt(Math.max(0, ms)) * 2n ** 32n);
}

function encode(value: bigint): string {
  let rest = value;
  let text = '';
  for (let position = 0; position < 16; position += 1) {
    text = (alphabet[Number(rest & 31n)] ?? '0') + text;
    rest >>= 5n;
  }
  return text;
}

/**
 * A secret credential: 256 random bits after a prefix that identifies its use.
 */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** The stored hash of a secret. Its 256 random bits need no slow hash. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
