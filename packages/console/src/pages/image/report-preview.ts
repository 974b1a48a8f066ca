/** The beginning of a report as lines: all of it when it is short, laid out for reading. */
import { operations } from '@lazaret/protocol';

import { client } from '../../client.ts';
import { readStart } from '../../read-start.ts';

export const previewBytes: number = 1024 * 1024;
const lineCharsMax = 2_000;

export interface ReportPreview {
  readonly lines: readonly string[];
  readonly isCut: boolean;
}

export async function readReport(
  digest: string,
  query: { project?: string },
  signal: AbortSignal,
): Promise<ReportPreview> {
  const response = await client.open(
    operations.images.report,
    { params: { digest }, query: { ...query, format: 'json' } },
    { signal },
  );
  const { bytes, isCut } = await readStart(response, previewBytes);
  return layOut(new TextDecoder().decode(bytes, { stream: isCut }), isCut);
}

/** Lines of at most so many characters; JSON that is there as a whole gets its own lines first. */
export function layOut(text: string, isCut: boolean): ReportPreview {
  const whole = isCut ? text : indent(text);
  const lines = whole.split('\n').flatMap((line) => {
    const parts: string[] = [];
    for (let at = 0; at === 0 || at < line.length; at += lineCharsMax) {
      parts.push(line.slice(at, at + lineCharsMax));
    }
    return parts;
  });
  return { lines, isCut };
}

function indent(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
