/** The main section of `META-INF/MANIFEST.MF` (JAR File Specification, "JAR Manifest"). */
import { inventoryLimits } from '../limits.ts';

/** Names in lower case: the specification compares them without case. */
export type ManifestFields = ReadonlyMap<string, string>;

const attributesMax = 1_000;

/**
 * Only the main section is used, and it comes first; up to tens of megabytes of digests of every
 * class after it are skipped.
 */
export function parseManifest(bytes: Buffer): ManifestFields {
  const head = bytes.toString(
    'utf8',
    0,
    Math.min(bytes.length, inventoryLimits.javaManifestHeadBytes),
  );
  const fields = new Map<string, string>();
  let name = '';
  let value: string[] = [];
  const keep = (): void => {
    if (name !== '' && !fields.has(name)) fields.set(name, value.join(''));
  };
  for (const line of head.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)) {
    if (line === '') {
      if (name !== '') break;
      continue;
    }
    if (line.startsWith(' ')) {
      value.push(line.slice(1));
      continue;
    }
    keep();
    if (fields.size >= attributesMax) return fields;
    const colon = line.indexOf(':');
    name = colon < 0 ? '' : line.slice(0, colon).trim().toLowerCase();
    value = [line.slice(colon + 1).trimStart()];
  }
  keep();
  return fields;
}
