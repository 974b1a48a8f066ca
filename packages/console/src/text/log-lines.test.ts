import { expect, it } from 'vitest';

import { LogLines, logLinesMax, spansOf } from './log-lines.ts';

it('joins chunks into lines, per stream', () => {
  const log = new LogLines();
  log.append('stdout', 'one\ntw');
  log.append('stderr', 'warning\r\n');
  log.append('stdout', 'o\n\nlast');
  expect(log.lines.map((line) => [line.number, line.stream, line.text])).toEqual([
    [1, 'stdout', 'one'],
    [2, 'stdout', 'two'],
    [3, 'stderr', 'warning'],
    [4, 'stdout', ''],
    [5, 'stdout', 'last'],
  ]);
});

it('continues colours over line ends of the same stream only', () => {
  const log = new LogLines();
  log.append('stdout', '\u001b[32mgreen\n');
  log.append('stderr', 'plain\n');
  log.append('stdout', 'still\n');
  const styles = log.lines.map((line) => spansOf(line)[0]?.style.foreground);
  expect(styles).toEqual([2, undefined, 2]);
});

it('keeps a bounded number of lines and counts the dropped ones', () => {
  const log = new LogLines();
  log.append('stdout', 'x\n'.repeat(logLinesMax + 5));
  expect(log.lines).toHaveLength(logLinesMax);
  expect(log.dropped).toBe(5);
  log.append('stdout', 'tail');
  expect(log.lines.at(-1)?.text).toBe('tail');
  expect(log.lines.at(-1)?.number).toBe(logLinesMax + 6);
});
