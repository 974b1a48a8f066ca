import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ansiClasses, parseAnsi } from './ansi.ts';

const escape = '\u001b';

describe('parseAnsi', () => {
  it('turns colours into styles and carries them to the next line', () => {
    const first = parseAnsi(`plain ${escape}[1;31mred`);
    expect(first.spans).toEqual([
      { text: 'plain ', style: {}, escaped: false },
      { text: 'red', style: { bold: true, foreground: 1 }, escaped: false },
    ]);
    const second = parseAnsi(`still${escape}[0m done`, first.style);
    expect(second.spans.map((span) => ansiClasses(span.style))).toEqual([
      'ansi-fg-1 ansi-bold',
      '',
    ]);
  });

  it('reads bright, extended and background colours', () => {
    expect(parseAnsi(`${escape}[97;44mx`).style).toEqual({ foreground: 15, background: 4 });
    expect(parseAnsi(`${escape}[38;5;9mx`).style).toEqual({ foreground: 9 });
    expect(parseAnsi(`${escape}[38;2;1;2;3;1mx`).style).toEqual({ bold: true });
    expect(parseAnsi(`${escape}[31m${escape}[39mx`).style).toEqual({});
  });

  it('does not interpret other escape sequences and makes them visible', () => {
    const { spans } = parseAnsi(`${escape}[2J${escape}]8;;http://x\u0007a\u202eb`);
    expect(spans.map((span) => span.text).join('')).toBe(
      String.raw`\x1b[2J\x1b]8;;http://x\x07a\u202eb`,
    );
    expect(spans.filter((span) => span.escaped)).toHaveLength(4);
  });

  it('never outputs a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        const text = parseAnsi(line)
          .spans.map((span) => span.text)
          .join('');
        expect(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e]/.test(text)).toBe(false);
      }),
    );
  });
});
