/** The first bytes of a file as text, formatted JSON, or a hex dump. */
import { operations } from '@lazaret/protocol';

import { client } from '../../client.ts';
import { readPrefix } from '../../read-prefix.ts';

export const previewBytes: number = 256 * 1024;
const hexBytes = 1_024;

export interface Preview {
  readonly kind: 'text' | 'json' | 'binary';
  readonly text: string;
  readonly isTruncated: boolean;
  readonly shownBytes: number;
}

export async function readPreview(id: string, path: string, signal: AbortSignal): Promise<Preview> {
  const response = await client.open(
    operations.jobs.result,
    { params: { id }, query: { path } },
    { signal, headers: { range: `bytes=0-${previewBytes}` } },
  );
  const { bytes, isTruncated } = await readPrefix(response, previewBytes);
  return describeBytes(bytes, isTruncated);
}

/** Detects the format of the bytes. */
export function describeBytes(bytes: Uint8Array, isTruncated: boolean): Preview {
  const text = decodeText(bytes, isTruncated);
  if (text === undefined) {
    const shownBytes = Math.min(bytes.length, hexBytes);
    const isShort = isTruncated || bytes.length > hexBytes;
    return { kind: 'binary', text: hexDump(bytes), isTruncated: isShort, shownBytes };
  }
  const shownBytes = bytes.length;
  if (!isTruncated) {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) {
        return { kind: 'json', text: JSON.stringify(value, null, 2), isTruncated, shownBytes };
      }
    } catch {
      // Not JSON: plain text.
    }
  }
  return { kind: 'text', text, isTruncated, shownBytes };
}

function decodeText(bytes: Uint8Array, isTruncated: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    // Truncation may split a character, which the streaming decoder ignores.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isTruncated });
  } catch {
    return undefined;
  }
}

function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let offset = 0; offset < Math.min(bytes.length, hexBytes); offset += 16) {
    const row = [...bytes.subarray(offset, offset + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'));
    rows.push(`${offset.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${letters.join('')}`);
  }
  return rows.join('\n');
}
