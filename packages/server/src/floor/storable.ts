/** Converts untrusted text for PostgreSQL: no NUL, no unpaired surrogate. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{2400}');
}

/**
 * JSON whose strings can be stored. Names of fields are untrusted in records, so both are
 * converted.
 */
export function packStorable(value: unknown): string {
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
