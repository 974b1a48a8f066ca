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

  it.each<[string, number[], string]>([
    ['zip', [0x50, 0x4b, 3, 4, 0], 'archive'],
    ['gzip', [0x1f, 0x8b, 8, 0], 'archive'],
    ['PNG', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], 'image'],
    ['other bytes', [0xff, 0xfe, 0x41], 'binary'],
  ])('%s is recognised by its bytes', (_, content, kind) => {
    expect(detectContent(new Uint8Array(content), false)).toMatchObject({ kind, text: undefined });
  });

  it('accepts text truncated within a character', () => {
    const cut = bytes('caf\u00e9').subarray(0, 4);
    expect(detectContent(cut, true)).toMatchObject({ kind: 'text', text: 'caf' });
    expect(detectContent(cut, false).kind).toBe('binary');
  });
});
