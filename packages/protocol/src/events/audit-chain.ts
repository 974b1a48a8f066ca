/**
 * The hash chain of the audit log. Each entry contains the hash of the previous entry and a hash
 * of that and its own fields, so changed, removed or reordered entries are detected. Truncation
 * at the end is not: compare the head with a copy that is stored elsewhere.
 *
 * Anyone can check an export without the server: for each line, SHA-256 over the text of
 * `previous` followed by the JSON of the other fields with keys sorted and no spaces (RFC 8785).
 */
import { auditEntry, type AuditEntry } from './model.ts';

/** `previous` of the first entry. */
export const auditGenesis: string = '0'.repeat(64);

export type UnsealedAuditEntry = Omit<AuditEntry, 'hash'>;

/** The hash of an entry, from all its other fields. */
export async function hashAuditEntry(entry: UnsealedAuditEntry): Promise<string> {
  const { previous, number, type, at, project, subject, actor, data } = entry;
  const text = previous + canonicalJson({ number, type, at, project, subject, actor, data });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with sorted keys and no spaces: one text for one value (RFC 8785). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

export interface ChainVerdict {
  readonly intact: boolean;
  /** Number of checked entries. */
  readonly entries: number;
  /** Hash of the last valid entry; store it elsewhere. */
  readonly head: string;
  /** Number of the first invalid entry. */
  readonly brokenAt: number | null;
  readonly detail: string;
}

/**
 * Verifies entries, oldest first, as in the export (each line parsed as JSON).
 *
 * @param expectedHead a head that was stored earlier; a log that does not contain it was
 *   truncated or rewritten
 */
export async function verifyChain(
  entries: Iterable<unknown> | AsyncIterable<unknown>,
  expectedHead?: string,
): Promise<ChainVerdict> {
  let count = 0;
  let head = auditGenesis;
  let sawExpected = expectedHead === undefined || expectedHead === auditGenesis;
  for await (const entry of entries) {
    const number = count + 1;
    const fault = await findFault(entry, { number, previous: head });
    if (fault !== undefined) {
      return { intact: false, entries: count, head, brokenAt: number, detail: fault };
    }
    head = (entry as AuditEntry).hash;
    sawExpected ||= head === expectedHead;
    count = number;
  }
  if (sawExpected) {
    const detail = `all ${count} entries are valid`;
    return { intact: true, entries: count, head, brokenAt: null, detail };
  }
  const detail = `the entry with the hash ${expectedHead} is missing: the log was truncated or rewritten`;
  return { intact: false, entries: count, head, brokenAt: count + 1, detail };
}

const strictEntry = auditEntry.strict();

async function findFault(
  value: unknown,
  expected: { readonly number: number; readonly previous: string },
): Promise<string | undefined> {
  const parsed = strictEntry.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') ?? '';
    return `entry ${expected.number} is not an audit entry: ${place} ${issue?.message ?? ''}`;
  }
  const { hash, ...entry } = parsed.data;
  if (entry.number !== expected.number) {
    return `expected entry ${expected.number}, found ${entry.number}: entries are missing or moved`;
  }
  if (entry.previous !== expected.previous) {
    return `entry ${entry.number} does not follow the previous entry: one of the two was replaced`;
  }
  if (hash !== (await hashAuditEntry(entry))) {
    return `entry ${entry.number} was changed: its content does not match its hash`;
  }
  return undefined;
}
