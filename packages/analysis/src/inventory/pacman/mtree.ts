/** Entries of an mtree(5) specification as written by bsdtar, with full paths. */
import { limits } from '@lazaret/protocol';

import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { digestOfHex } from '../system/owned-files.ts';
import { linesOf } from '../parsing/text-lines.ts';

export interface MtreeEntry {
  /** As written, without escapes: `./usr/bin/a`. */
  readonly path: string;
  readonly type: string;
  /** The strongest available: `sha256:...`. */
  readonly digest?: string;
}

const digestKeys = ['sha256digest', 'sha256', 'sha1digest', 'sha1', 'md5digest', 'md5'] as const;
/** A path of which each byte is escaped, and all its keywords. */
const lineBytes = 8 * limits.pathBytes;

export function* readMtree(
  bytes: Buffer,
  warnings: ParseWarnings,
): Generator<MtreeEntry, void, undefined> {
  let type: string | undefined;
  let number = 0;
  for (const { start, end } of linesOf(bytes)) {
    number += 1;
    if (end - start > lineBytes) {
      warnings.add('too_large', `line ${number} has ${end - start} bytes`);
      continue;
    }
    const [head = '', ...words] = bytes.toString('latin1', start, end).trim().split(/\s+/);
    const keywords = keywordsOf(words);
    if (head === '/set') type = keywords.get('type') ?? type;
    else if (head === '/unset') type = words.includes('type') ? undefined : type;
    else if (head.startsWith('./')) yield describeEntry(head, keywords, type);
    else if (!/^(?:$|#|\.$)/.test(head)) warnings.add('damaged', `line ${number} has no path`);
  }
}

function describeEntry(
  path: string,
  keywords: ReadonlyMap<string, string>,
  type: string | undefined,
): MtreeEntry {
  const digest = digestOf(keywords);
  return {
    path: unescape(path),
    type: keywords.get('type') ?? type ?? 'file',
    ...(digest === undefined ? {} : { digest }),
  };
}

function keywordsOf(words: readonly string[]): Map<string, string> {
  const keywords = new Map<string, string>();
  for (const word of words) {
    const cut = word.indexOf('=');
    if (cut > 0) keywords.set(word.slice(0, cut), word.slice(cut + 1));
  }
  return keywords;
}

function digestOf(keywords: ReadonlyMap<string, string>): string | undefined {
  for (const key of digestKeys) {
    const digest = digestOfHex(keywords.get(key) ?? '');
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** `\040` is a byte in octal; the bytes together are UTF-8. */
function unescape(text: string): string {
  const plain = text.replaceAll(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, 'latin1').toString('utf8');
}
