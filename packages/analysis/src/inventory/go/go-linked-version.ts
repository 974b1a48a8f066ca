/**
 * The version of a Go program without build information: what `-ldflags -X` sets ends with a NUL,
 * unlike every other text of Go, so a separate version string is most likely that one.
 */
import { findSection } from '../binary/binary-image.ts';
import type { BinaryImage } from '../binary/binary-section.ts';

export interface LinkedVersion {
  readonly version: string;
  readonly offset: number;
}

const textBytesMax = 64;
const versionText = /^v?\d{1,3}\.\d{1,4}\.\d{1,4}(?:[-+~][\w.+~-]{1,48})?$/;
/** Where the linker puts texts, for Linux, macOS and Windows. */
const sections: readonly string[] = ['.rodata', '__rodata', '.rdata'];

/** The only separate version string; of one and its longer forms the short one; else undefined. */
export function findLinkedVersion(bytes: Buffer, image: BinaryImage): LinkedVersion | undefined {
  const place = sections.flatMap((name) => findSection(image, name) ?? [])[0];
  const from = place?.offset ?? 0;
  const to = place === undefined ? bytes.length : from + place.sizeBytes;
  let sole: LinkedVersion | undefined;
  for (const found of aloneVersions(bytes, from, to)) {
    if (sole === undefined || sole.version.startsWith(found.version)) sole = found;
    else if (!found.version.startsWith(sole.version)) return undefined;
  }
  return sole;
}

function* aloneVersions(
  bytes: Buffer,
  from: number,
  to: number,
): Generator<LinkedVersion, void, undefined> {
  for (let at = from; at < to; at += 1) {
    if (bytes[at] !== 0) continue;
    const first = bytes[at + 1] === 0x76 ? bytes[at + 2] : bytes[at + 1];
    if (first === undefined || first < 0x30 || first > 0x39) continue;
    const text = bytes.toString('latin1', at + 1, Math.min(to, at + 1 + textBytesMax));
    const end = text.indexOf('\0');
    const version = end < 0 ? '' : text.slice(0, end);
    if (versionText.test(version)) yield { version, offset: at + 1 };
  }
}
