/** What the first bytes of a file are. Whatever they are, nothing is ever shown as markup. */

export type ContentKind = 'text' | 'json' | 'ndjson' | 'archive' | 'image' | 'binary';

export interface Detected {
  readonly kind: ContentKind;
  /** The decoded text, for text of any kind. */
  readonly text: string | undefined;
  /** `PNG`, `zip`, `lazaret-strings/1`: what was recognised. */
  readonly format: string | undefined;
}

const archives: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'zip'],
  ['PK\x05\x06', 'zip'],
  ['\x1f\x8b\x08', 'gzip'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  ['\xfd7zXZ\0', 'xz'],
  ['BZh', 'bzip2'],
  ['!<arch>\n', 'ar'],
  ['070701', 'cpio'],
  ['\xed\xab\xee\xdb', 'rpm'],
];
const pictures: readonly (readonly [string, string])[] = [
  ['\x89PNG\r\n', 'PNG'],
  ['\xff\xd8\xff', 'JPEG'],
  ['GIF8', 'GIF'],
  ['BM', 'BMP'],
];
const tarMagicOffset = 257;

/** By the bytes alone; names and declared types are the sample's own claims. */
export function detectContent(bytes: Uint8Array, isTruncated: boolean): Detected {
  const head = latin1(bytes.subarray(0, 512));
  const archive = archives.find(([magic]) => head.startsWith(magic))?.[1];
  if (archive !== undefined) return { kind: 'archive', text: undefined, format: archive };
  if (head.startsWith('ustar', tarMagicOffset)) {
    return { kind: 'archive', text: undefined, format: 'tar' };
  }
  const text = decodeText(bytes, isTruncated);
  if (text !== undefined) {
    const kind = textKind(text, isTruncated);
    const format = kind === 'json' ? documentFormat(text) : undefined;
    return { kind, text, format };
  }
  const picture = pictures.find(([magic]) => head.startsWith(magic))?.[1];
  if (picture !== undefined) return { kind: 'image', text: undefined, format: picture };
  return { kind: 'binary', text: undefined, format: undefined };
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function decodeText(bytes: Uint8Array, isTruncated: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    // When truncated inside a character, the decoder waits for the rest of it.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isTruncated });
  } catch {
    return undefined;
  }
}

/** JSON that is cut off is recognised by how it starts; the whole is checked when it is opened. */
function textKind(text: string, isTruncated: boolean): 'text' | 'json' | 'ndjson' {
  const start = text.trimStart();
  if (!/^[[{]/.test(start)) return 'text';
  const lines = start.split('\n', 9).filter((line) => line.trim() !== '');
  const [first, ...others] = lines;
  // Single lines of it may be something else, such as a message of the program.
  if (isJson(first) && others.some((line) => /^\s*[[{]/.test(line))) return 'ndjson';
  if (isTruncated) return /^[[{]\s*["[{\]}\d-]/.test(start) ? 'json' : 'text';
  return isJson(text) ? 'json' : 'text';
}

/** The `format` that a document names at its start, as results of engines do. */
function documentFormat(text: string): string | undefined {
  return /^\s*\{\s*"format"\s*:\s*"([\w./-]{1,60})"/.exec(text.slice(0, 200))?.[1];
}

function isJson(text: string | undefined): boolean {
  try {
    JSON.parse(text ?? '');
    return true;
  } catch {
    return false;
  }
}
