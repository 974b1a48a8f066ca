/** Converts untrusted text for PostgreSQL: no NUL, no unpaired surrogate. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{2400}');
}

/**
 * JSON whose strings can be stored. Names of fields are untrusted in records, so both are
 * converted.
 */
export function packStorable(value: unknown): string {
  const text = JSON.stringify(value);
  // almost always: to look at every value takes several times as long as to write them
  if (typeof text !== 'string' || !unstorable.test(text)) return text;
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'string') return storable(inner);
    if (!isRecord(inner) || Object.keys(inner).every((name) => storable(name) === name)) {
      return inner;
    }
    return Object.fromEntries(
      Object.entries(inner).map(([name, each]) => [storable(name), each] as const),
    );
  });
}

/** What JSON writes for a NUL or an unpaired surrogate; a text may also contain just that. */
const unstorable = /\\u(?:0000|d[89a-f])/;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
