/** Formats bytes: as text if they are text, otherwise as hexadecimal digits. */

const rowBytes = 16;
const groupBytes = 8;

/** Like `hexdump -C`: offset, digits in two groups, printable ASCII. */
export function hexDump(bytes: Uint8Array, firstOffset = 0): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += rowBytes) {
    const row = [...bytes.subarray(at, at + rowBytes)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0'));
    const [left, right] = [digits.slice(0, groupBytes), digits.slice(groupBytes)];
    const hex = `${left.join(' ')}  ${right.join(' ')}`.padEnd(rowBytes * 3);
    const ascii = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'));
    const offset = (firstOffset + at).toString(16).padStart(8, '0');
    rows.push(`${offset}  ${hex}  |${ascii.join('')}|`);
  }
  return rows.join('\n');
}

/** The bytes decoded as UTF-8; undefined for anything else. Truncation may split a character. */
export function readText(bytes: Uint8Array, isCut: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}

/** The bytes of base64. */
export function readBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
