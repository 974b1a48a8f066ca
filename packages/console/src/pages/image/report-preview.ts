/** The first lines of a report; a short report is complete and formatted. */
import { operations } from '@lazaret/protocol';

import { client } from '../../client.ts';
import { readPrefix } from '../../read-prefix.ts';

export const previewBytes: number = 1024 * 1024;
const lineCharsMax = 2_000;

export interface ReportPreview {
  readonly lines: readonly string[];
  readonly isTruncated: boolean;
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
  const { bytes, isTruncated } = await readPrefix(response, previewBytes);
  return layOut(new TextDecoder().decode(bytes, { stream: isTruncated }), isTruncated);
}

/** Splits text into lines of bounded length; complete JSON is formatted first. */
export function layOut(text: string, isTruncated: boolean): ReportPreview {
  const formatted = isTruncated ? text : indent(text);
  const lines = formatted.split('\n').flatMap((line) => {
    const parts: string[] = [];
    for (let at = 0; at === 0 || at < line.length; at += lineCharsMax) {
      parts.push(line.slice(at, at + lineCharsMax));
    }
    return parts;
  });
  return { lines, isTruncated };
}

function indent(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
