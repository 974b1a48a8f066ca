/** The beginning of a report as lines: all of it when it is short, laid out for reading. */
import { operations } from '@lazaret/protocol';

import { client } from '../../client.ts';

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
  const { bytes, isCut } = await readStart(response);
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

async function readStart(response: Response): Promise<{ bytes: Uint8Array; isCut: boolean }> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  while (reader !== undefined && total <= previewBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    total += value.length;
  }
  await reader?.cancel();
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes: bytes.subarray(0, previewBytes), isCut: total > previewBytes };
}
