/** The first bytes of a file as text, as pretty JSON, or as hexadecimal when it is neither. */
import { operations } from '@lazaret/protocol';

import { client } from '../../client.ts';
import { readStart } from '../../read-start.ts';

export const previewBytes: number = 256 * 1024;
const hexBytes = 1_024;

export interface Preview {
  readonly kind: 'text' | 'json' | 'binary';
  readonly text: string;
  readonly isCut: boolean;
  readonly shownBytes: number;
}

export async function readPreview(id: string, path: string, signal: AbortSignal): Promise<Preview> {
  const response = await client.open(
    operations.jobs.result,
    { params: { id }, query: { path } },
    { signal, headers: { range: `bytes=0-${previewBytes}` } },
  );
  const { bytes, isCut } = await readStart(response, previewBytes);
  return describeBytes(bytes, isCut);
}

/** Decides what the bytes are. */
export function describeBytes(bytes: Uint8Array, isCut: boolean): Preview {
  const text = decodeText(bytes, isCut);
  if (text === undefined) {
    const shownBytes = Math.min(bytes.length, hexBytes);
    const isShort = isCut || bytes.length > hexBytes;
    return { kind: 'binary', text: hexDump(bytes), isCut: isShort, shownBytes };
  }
  const shownBytes = bytes.length;
  if (!isCut) {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) {
        return { kind: 'json', text: JSON.stringify(value, null, 2), isCut, shownBytes };
      }
    } catch {
      // Plain text, then.
    }
  }
  return { kind: 'text', text, isCut, shownBytes };
}

function decodeText(bytes: Uint8Array, isCut: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    // A cut may go through a character: the decoder then waits for the rest of it.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
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
