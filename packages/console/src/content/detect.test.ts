import { fileSignatures, openedFormats } from '@lazaret/protocol';
import { describe, expect, it } from 'vitest';

import { detectContent } from './detect.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('detectContent', () => {
  it.each([
    ['{"a":[1]}', false, 'json'],
    ['{"a":1}\n{"a":2}\n', false, 'ndjson'],
    ['{"a":1}\nnot json\n{"a":2}\n', false, 'ndjson'],
    ['{"a":', true, 'json'],
    ['<img src=x>', false, 'text'],
    ['{not json}', false, 'text'],
    ['', false, 'text'],
  ])('%j is %s', (text, isTruncated, kind) => {
    expect(detectContent(bytes(text), isTruncated)).toMatchObject({ kind, text });
  });

  it.each<[kind: string, format: string | undefined, start: string]>([
    ['archive', 'zip', 'PK\x03\x04\0'],
    ['archive', 'gzip', '\x1f\x8b\x08\0'],
    ['archive', 'bzip2', 'BZh91AY&SY\0'],
    ['archive', 'tar', `${'\0'.repeat(257)}ustar\0`],
    ['image', 'png', '\x89PNG\r\n\x1a\n'],
    ['image', 'bmp', 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'],
    ['binary', 'elf', '\x7fELF\x02\x01\x01\0'],
    // detected, but its members cannot be listed
    ['binary', '7z', '7z\xbc\xaf\x27\x1c'],
    ['binary', undefined, '\xff\xfeA'],
    ['binary', undefined, '\xb7\xb7'],
  ])('is %s of the format %s by its bytes', (kind, format, start) => {
    const content = Uint8Array.from(start, (char) => char.charCodeAt(0));
    expect(detectContent(content, false)).toEqual({ kind, text: undefined, format });
  });

  it('detects each archive format of the table of magic bytes that can be opened', () => {
    for (const [, magic, container = ''] of fileSignatures) {
      if (!(openedFormats as readonly string[]).includes(container)) continue;
      const content = Uint8Array.from(magic, (char) => char.charCodeAt(0));
      expect(detectContent(content, false)).toMatchObject({ kind: 'archive', format: container });
    }
  });

  it('accepts text truncated within a character', () => {
    const cut = bytes('caf\u00e9').subarray(0, 4);
    expect(detectContent(cut, true)).toMatchObject({ kind: 'text', text: 'caf' });
    expect(detectContent(cut, false).kind).toBe('binary');
  });
});
