/** SHA-256, SHA-1 and MD5 of a file in one pass over its bytes. */
import { createHash, hash } from 'node:crypto';
import type { Hash } from 'node:crypto';

/** Which digests are computed; SHA-256 always is, because scan results are cached by it. */
export type DigestChoice = 'all' | 'sha256';

export interface FileDigests {
  readonly sha256: string;
  readonly sha1?: string;
  readonly md5?: string;
}

/** Digests of a buffer, in hexadecimal: cheaper than a stream for the many small files. */
export function digestBytes(bytes: Uint8Array, choice: DigestChoice): FileDigests {
  const sha256 = hash('sha256', bytes);
  return choice === 'sha256'
    ? { sha256 }
    : { sha256, sha1: hash('sha1', bytes), md5: hash('md5', bytes) };
}

/** Digests of content that arrives in chunks. */
export class DigestStream {
  readonly #sha256: Hash = createHash('sha256');
  readonly #weak: readonly Hash[];

  constructor(choice: DigestChoice) {
    this.#weak = choice === 'all' ? [createHash('sha1'), createHash('md5')] : [];
  }

  add(piece: Uint8Array): void {
    this.#sha256.update(piece);
    for (const each of this.#weak) each.update(piece);
  }

  finish(): FileDigests {
    const sha256 = this.#sha256.digest('hex');
    const [sha1, md5] = this.#weak.map((each) => each.digest('hex'));
    return sha1 === undefined || md5 === undefined ? { sha256 } : { sha256, sha1, md5 };
  }
}
