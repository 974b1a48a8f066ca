/**
 * The log as lines, built from chunks as they arrive. stdout and stderr each have their own
 * unfinished line and colours, so that they do not interleave within a line.
 */
import { type AnsiSpan, type AnsiStyle, parseAnsi, plainStyle } from './ansi.ts';

export type LogStream = 'stdout' | 'stderr';

export interface LogLine {
  readonly number: number;
  readonly stream: LogStream;
  readonly text: string;
  readonly style: AnsiStyle;
}

/** Maximum number of lines; older lines are dropped and counted. */
export const logLinesMax = 200_000;
const lineCharsMax = 8_000;

export class LogLines {
  readonly lines: LogLine[] = [];
  dropped = 0;
  #next = 1;
  readonly #open = new Map<LogStream, { index: number; style: AnsiStyle }>();

  append(stream: LogStream, text: string): void {
    const pieces = text.split('\n');
    pieces.forEach((piece, index) => {
      if (piece !== '' || index < pieces.length - 1) this.#extend(stream, piece);
      if (index < pieces.length - 1) this.#close(stream);
    });
    this.#trim();
  }

  #extend(stream: LogStream, text: string): void {
    const open = this.#open.get(stream);
    const line = open === undefined ? undefined : this.lines[open.index - this.dropped];
    if (open === undefined || open.index < 0 || line === undefined) {
      const style = open?.style ?? plainStyle;
      const index = this.lines.length + this.dropped;
      this.lines.push({ number: this.#next, stream, text: text.slice(0, lineCharsMax), style });
      this.#next += 1;
      this.#open.set(stream, { index, style });
      return;
    }
    const joined = (line.text + text).slice(0, lineCharsMax);
    this.lines[open.index - this.dropped] = { ...line, text: joined };
  }

  #close(stream: LogStream): void {
    const open = this.#open.get(stream);
    const line = open === undefined ? undefined : this.lines[open.index - this.dropped];
    if (open === undefined || line === undefined) return;
    const text = line.text.replace(/\r$/, '');
    this.lines[open.index - this.dropped] = { ...line, text };
    this.#open.set(stream, { index: -1, style: parseAnsi(text, line.style).style });
  }

  #trim(): void {
    const excess = this.lines.length - logLinesMax;
    if (excess <= 0) return;
    this.lines.splice(0, excess);
    this.dropped += excess;
  }
}

export function spansOf(line: LogLine): AnsiSpan[] {
  return parseAnsi(line.text, line.style).spans;
}
