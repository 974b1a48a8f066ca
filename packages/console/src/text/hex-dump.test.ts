import { expect, it } from 'vitest';

import { hexDump, readBase64, readText } from './hex-dump.ts';

it('writes rows like hexdump -C', () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, at) => at + 0x41);
  expect(hexDump(bytes, 0x1000)).toBe(
    '00001000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|\n' +
      `00001010  51 52${' '.repeat(45)}|QR|`,
  );
});

it('shows unprintable bytes as dots, and markup as text', () => {
  expect(hexDump(Buffer.from('<b>\u0000\u00ff'))).toContain('|<b>...|');
});

it('detects only valid text as text', () => {
  expect(readText(Buffer.from('grün\n'), false)).toBe('grün\n');
  expect(readText(Buffer.from([0x4d, 0x5a, 0]), false)).toBeUndefined();
  expect(readText(Buffer.from([0xff, 0xfe]), false)).toBeUndefined();
  expect(readText(Buffer.from('grü').subarray(0, 3), true)).toBe('gr');
  expect(readText(Buffer.from('grü').subarray(0, 3), false)).toBeUndefined();
});

it('decodes base64', () => {
  expect([...readBase64('TVoA')]).toEqual([0x4d, 0x5a, 0]);
});
