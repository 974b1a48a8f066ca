import { expect, test } from 'vitest';

import { fileSignatures, openedFormats } from '@lazaret/protocol';
import { detectContainer, isUnsupported } from './container-format.ts';

test('every container of the signature table is opened or known as unsupported', () => {
  for (const [, magic, container] of fileSignatures) {
    if (container === undefined) continue;
    const isOpened = (openedFormats as readonly string[]).includes(container);
    expect(isOpened || isUnsupported(container as never), `${container}: ${magic}`).toBe(true);
  }
});

test.each([
  ['zip', 'PK\x03\x04'],
  ['zip', 'PK\x07\x08PK'],
  ['gzip', '\x1f\x8b\x08'],
  ['zstd', '\x50\x2a\x4d\x18\0\0\0\0'],
  ['thin-ar', '!<thin>\n'],
  ['ar', '!<arch>\ndebian-binary'],
  ['7z', '7z\xbc\xaf\x27\x1c'],
  ['wim', 'MSWIM\0\0\0'],
])('%s is detected by %j', (format, magic) => {
  expect(detectContainer(Buffer.from(magic, 'latin1'))).toBe(format);
});

test.each(['PK\x07\x08', '\x1f\x8b\x07', 'plain text', ''])('%j is not a container', (text) => {
  expect(detectContainer(Buffer.from(text, 'latin1'))).toBeUndefined();
});
