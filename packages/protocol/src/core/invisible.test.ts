import fc from 'fast-check';
import { expect, it } from 'vitest';

import { escapeInvisible, invisiblePattern, splitInvisible } from './invisible.ts';

it('escapes control, bidi, zero-width and tag characters, separators and lone surrogates', () => {
  expect(escapeInvisible('a\u001b[2J\n\t\r')).toBe(String.raw`a\x1b[2J\n\t\r`);
  expect(escapeInvisible('user\u202egpj.exe')).toBe(String.raw`user\u202egpj.exe`);
  expect(escapeInvisible('a\u200bb\u2028c\u0085')).toBe(String.raw`a\u200bb\u2028c\x85`);
  expect(escapeInvisible('\u{e0041}\ud800')).toBe(String.raw`\u{e0041}\ud800`);
});

it('keeps visible text of any script, and the allowed characters', () => {
  const text = 'Grüße, 世界, 🐚 <b>';
  expect(escapeInvisible(text)).toBe(text);
  expect(escapeInvisible('one\n\ttwo\r', '\n\t')).toBe('one\n\ttwo\\r');
});

it('marks the parts that are escapes', () => {
  expect(splitInvisible('a\u0000\tb', '\t')).toEqual([
    { text: 'a', escaped: false },
    { text: String.raw`\x00`, escaped: true },
    { text: '\tb', escaped: false },
  ]);
  expect(splitInvisible('')).toEqual([]);
});

it('leaves no invisible character in any text, and splits it the same way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeInvisible(text);
      expect(new RegExp(invisiblePattern, 'u').test(escaped)).toBe(false);
      const parts = splitInvisible(text);
      expect(parts.map((part) => part.text).join('')).toBe(escaped);
    }),
  );
});
