/** Indexes of the log lines that contain a text, ignoring case. */
import type { LogLine } from '../../text/log-lines.ts';

const matchesMax = 10_000;

export function findLines(lines: readonly LogLine[], text: string): number[] {
  const wanted = text.toLowerCase();
  const found: number[] = [];
  if (wanted === '') return found;
  for (const [index, line] of lines.entries()) {
    if (line.text.toLowerCase().includes(wanted)) found.push(index);
    if (found.length >= matchesMax) break;
  }
  return found;
}
