import { describe, expect, it } from 'vitest';

import { describeBytes } from './preview.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('describeBytes', () => {
  it('formats JSON and leaves other text unchanged', () => {
    expect(describeBytes(bytes('{"a":[1]}'), false)).toMatchObject({
      kind: 'json',
      text: '{\n  "a": [\n    1\n  ]\n}',
    });
    expect(describeBytes(bytes('<img src=x>'), false)).toMatchObject({
      kind: 'text',
      text: '<img src=x>',
    });
    expect(describeBytes(bytes('{"a":'), true).kind).toBe('text');
  });

  it('shows binary data as a hex dump', () => {
    const preview = describeBytes(new Uint8Array([0x50, 0x4b, 3, 4, 0]), false);
    expect(preview.kind).toBe('binary');
    expect(preview.text).toContain('50 4b 03 04 00');
    expect(preview.text).toContain('PK...');
    expect(describeBytes(new Uint8Array([0xff, 0xfe, 0x41]), false).kind).toBe('binary');
  });

  it('accepts text truncated within a character', () => {
    const cut = bytes('caf\u00e9').subarray(0, 4);
    expect(describeBytes(cut, true)).toMatchObject({ kind: 'text', text: 'caf' });
    expect(describeBytes(cut, false).kind).toBe('binary');
  });
});
