/** Detects the kind of a search text, by its format alone. */

export const digestAlgorithms = ['sha256', 'sha1', 'md5'] as const;
export type DigestAlgorithm = (typeof digestAlgorithms)[number];

/** A search text and everything that it may be. */
export interface SearchTerm {
  /** The text without surrounding white space. */
  readonly text: string;
  /** A full digest in lower case. */
  readonly digest?: { readonly algorithm: DigestAlgorithm; readonly hex: string };
  /** Hexadecimal prefix of a digest or an ID, in lower case. */
  readonly digestStart?: string;
  /** A path from the root of a file system, without its first slash; `etc/ssh/` for `/etc/ssh/`. */
  readonly path?: string;
  /** `pkg:deb/debian/curl@8.14.1`, with or without a version. */
  readonly purl?: string;
  /** The id of an advisory: `CVE-2024-3094`. */
  readonly advisory?: string;
}

const digestChars: Readonly<Record<number, DigestAlgorithm>> = {
  64: 'sha256',
  40: 'sha1',
  32: 'md5',
};
/** Shorter prefixes match too much. */
const digestStartChars = 6;
const advisoryForm = /^(?:CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3}|[A-Z]{2,6}-\d{4}[-:]\d+)$/i;

/**
 * Detects the kind of a search. Formats do not exclude each other: `deadbeef` is a name as well.
 */
export function detectSearchTerm(written: string): SearchTerm {
  const text = written.trim();
  const [, named, hex = ''] = /^(?:(sha256|sha1|md5):)?([0-9a-f]+)$/i.exec(text) ?? [];
  const algorithm = digestChars[hex.length];
  const isDigest =
    algorithm !== undefined && (named === undefined || named.toLowerCase() === algorithm);
  const digits = hex.toLowerCase();
  const isStart = !isDigest && digits.length >= digestStartChars && digits.length < 64;
  return {
    text,
    ...(isDigest && { digest: { algorithm, hex: digits } }),
    ...(isStart && { digestStart: digits }),
    ...(/^\.?\//.test(text) && { path: text.replace(/^(?:\.?\/+)+/, '') }),
    ...(text.startsWith('pkg:') && { purl: text }),
    ...(advisoryForm.test(text) && { advisory: text }),
  };
}
