/** Detects the type of a file by its first bytes. Nothing is ever shown as markup. */
import { filePatterns, fileSignatures, openedFormats } from '@lazaret/protocol';

export type ContentKind = 'text' | 'json' | 'ndjson' | 'archive' | 'image' | 'binary';

export interface Detected {
  readonly kind: ContentKind;
  /** The decoded text, for text of any kind. */
  readonly text: string | undefined;
  /** `png`, `zip`, `lazaret-strings/1`: the detected format. */
  readonly format: string | undefined;
}

const pictures: ReadonlySet<string> = new Set(['png', 'jpeg', 'gif', 'bmp', 'tiff', 'ico']);
const opened: ReadonlySet<string> = new Set(openedFormats);
/** Number of leading bytes that a format is detected by. */
const headBytes = 512;

/** Only by the bytes; names and declared types are untrusted claims. */
export function detectContent(bytes: Uint8Array, isTruncated: boolean): Detected {
  const { kind: fileKind, container = '' } = detectFormat(latin1(bytes.subarray(0, headBytes)));
  if (opened.has(container)) return { kind: 'archive', text: undefined, format: container };
  const text = decodeText(bytes, isTruncated);
  if (text !== undefined) {
    const kind = textKind(text, isTruncated);
    const format = kind === 'json' ? documentFormat(text) : undefined;
    return { kind, text, format };
  }
  const kind = pictures.has(fileKind) ? 'image' : 'binary';
  return { kind, text: undefined, format: fileKind === '' ? undefined : fileKind };
}

interface FileFormat {
  /** Empty when it is unknown, or not certain by the first bytes. */
  readonly kind: string;
  /** The archive or compression format. */
  readonly container?: string | undefined;
}

function detectFormat(head: string): FileFormat {
  const [kind = '', , container] =
    fileSignatures.find(([, magic]) => head.startsWith(magic)) ??
    filePatterns.find(([, pattern]) => pattern.test(head)) ??
    [];
  // A byte order mark; what follows is not shown as text.
  return { kind: kind === 'text' ? '' : kind, container };
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

/**
 * Truncated JSON is detected by its start; the complete document is validated when it is opened.
 */
function textKind(text: string, isTruncated: boolean): 'text' | 'json' | 'ndjson' {
  const start = text.trimStart();
  if (!/^[[{]/.test(start)) return 'text';
  const lines = start.split('\n', 9).filter((line) => line.trim() !== '');
  const [first, ...others] = lines;
  // Single lines of it may not be JSON, such as a message of the program.
  if (isJson(first) && others.some((line) => /^\s*[[{]/.test(line))) return 'ndjson';
  if (isTruncated) return /^[[{]\s*["[{\]}\d-]/.test(start) ? 'json' : 'text';
  return isJson(text) ? 'json' : 'text';
}

/** The `format` at the start of a document, as in results of engines. */
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
