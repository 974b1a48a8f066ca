import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatStructured } from './print.ts';
import {
  createVisibleStream,
  isDangerous,
  visibleJson,
  visibleLine,
  visibleText,
} from './visible-text.ts';

/** Characters that a terminal could interpret: everything that is not printable. */
const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('untrusted text on a terminal', () => {
  it('shows escape sequences, bells and bidirectional overrides', () => {
    expect(visibleLine('\u001B[31mred\u0007')).toBe(String.raw`\x1b[31mred\x07`);
    expect(visibleLine('invoice\u202Efdp.exe')).toBe(String.raw`invoice\u202efdp.exe`);
    expect(visibleLine('\u009B2J')).toBe(String.raw`\x9b2J`);
    expect(visibleLine('a\u{E0041}b')).toBe(String.raw`a\u{e0041}b`);
  });

  it('keeps newlines and tabs of texts, and escapes those of names', () => {
    expect(visibleText('a\tb\r\nc\rd')).toBe('a\tb\nc\\rd');
    expect(visibleLine('a\tb\n')).toBe(String.raw`a\tb\n`);
  });

  it('escapes every control character, in chunks or at once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 24 }), { maxLength: 4 }),
        (chunks) => {
          const stream = createVisibleStream();
          const shown = chunks.map((chunk) => stream.push(chunk)).join('') + stream.end();
          expect(obeyed.test(shown.replaceAll(/[\n\t]/g, ''))).toBe(false);
          expect(obeyed.test(visibleLine(chunks.join('')))).toBe(false);
        },
      ),
    );
  });

  it('joins a CRLF that was split between chunks', () => {
    const stream = createVisibleStream();
    expect(stream.push('one\r') + stream.push('\ntwo\r') + stream.end()).toBe('one\ntwo\\r');
  });

  it('detects dangerous text', () => {
    expect(isDangerous('plain\ttext\n')).toBe(false);
    expect(isDangerous('\u001B')).toBe(true);
    expect(isDangerous('\u2066')).toBe(true);
  });
});

describe('structured output on a terminal', () => {
  const hostile = { name: 'a\u202Eb\u009B\u001B[2J', 'key\u200B': 'c\u{E0041}' };

  it('keeps its meaning as JSON', () => {
    const json = visibleJson(JSON.stringify(hostile));
    expect(obeyed.test(json)).toBe(false);
    expect(JSON.parse(json)).toEqual(hostile);
  });

  it('keeps its meaning as YAML', async () => {
    const { parse } = await import('yaml');
    const yaml = await formatStructured(hostile, 'yaml');
    expect(obeyed.test(yaml.replaceAll('\n', ''))).toBe(false);
    expect(parse(yaml)).toEqual(hostile);
  });
});
