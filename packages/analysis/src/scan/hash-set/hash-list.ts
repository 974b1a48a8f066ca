/** Allow lists and deny lists of digests. */
import { hash } from 'node:crypto';

export type HashAlgorithm = 'sha256' | 'sha1' | 'md5';

export interface HashEntry {
  readonly algorithm: HashAlgorithm;
  /** Hexadecimal, lower case. */
  readonly digest: string;
  readonly sizeBytes?: number;
  /** The name of the file in the list. */
  readonly label?: string;
}

/** Properties of a list besides its digests. */
export interface ListTerms {
  readonly name: string;
  /** `allow`: known software, which is not the same as good. `deny`: a known threat. */
  readonly kind: 'allow' | 'deny';
  /** Its origin: a feed, a person, an address. */
  readonly source?: string;
  readonly reason?: string;
  /** ISO 8601; afterwards the list is ignored. */
  readonly expiresAt?: string;
}

export interface HashList extends ListTerms {
  /** Digest over terms and entries. */
  readonly identity: string;
  /** By `algorithm:digest`. */
  readonly entries: ReadonlyMap<string, HashEntry>;
  /** Lines without a valid digest. */
  readonly skipped: number;
}

/** Creates a list from the output of a parser in parse-hash-list.ts. */
export function makeHashList(
  terms: ListTerms,
  { entries, skipped }: { readonly entries: Iterable<HashEntry>; readonly skipped: number },
): HashList {
  const byDigest = new Map<string, HashEntry>();
  for (const entry of entries) byDigest.set(`${entry.algorithm}:${entry.digest}`, entry);
  const rows = [...byDigest].map(([key, { sizeBytes, label }]) => [key, sizeBytes, label]);
  const { name, kind, source, reason, expiresAt } = terms;
  const identity = hash(
    'sha256',
    JSON.stringify([name, kind, source, reason, expiresAt, rows.toSorted(byKey)]),
  );
  return { ...terms, identity, entries: byDigest, skipped };
}

/** Whether the list is valid at this time. An expiry that is not a date has passed. */
export function isInForce(terms: { expiresAt?: string | undefined }, nowMs: number): boolean {
  const { expiresAt } = terms;
  if (expiresAt === undefined) return true;
  const endMs = Date.parse(expiresAt);
  return Number.isFinite(endMs) && nowMs < endMs;
}

/** The entry of a file, by its strongest digest. The size must match if it is listed. */
export function findInList(list: HashList, subject: FileIdentity): HashEntry | undefined {
  // Collisions of weak digests can be created: usable for a warning, never for trust.
  const algorithms = list.kind === 'allow' ? strongAlgorithms : allAlgorithms;
  for (const algorithm of algorithms) {
    const digest = subject[algorithm];
    const entry = digest === undefined ? undefined : list.entries.get(`${algorithm}:${digest}`);
    if (entry === undefined) continue;
    if (entry.sizeBytes === undefined || entry.sizeBytes === subject.sizeBytes) return entry;
  }
  return undefined;
}

export interface FileIdentity {
  readonly sizeBytes: number;
  /** Hexadecimal, lower case, like the others. */
  readonly sha256: string;
  readonly sha1?: string;
  readonly md5?: string;
}

const allAlgorithms = ['sha256', 'sha1', 'md5'] as const;
const strongAlgorithms = ['sha256'] as const;

function byKey(one: readonly unknown[], other: readonly unknown[]): number {
  return String(one[0]) < String(other[0]) ? -1 : 1;
}
