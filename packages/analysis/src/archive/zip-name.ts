/** Names in zip archives: UTF-8 where the archive says so, else code page 437. */
import { crc32 } from 'node:zlib';

/** The upper half of code page 437, https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/. */
const upperHalf =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌' +
  '█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** Info-ZIP's Unicode path (APPNOTE.TXT 4.6.9). */
const unicodePathId = 0x7075;

const isAscii = /^[\0-\x7f]*$/;

/**
 * @param name The name's bytes.
 * @param extra The extra field of the member.
 * @param isUtf8 Bit 11 of the flags.
 */
export function decodeZipName(name: Buffer, extra: Buffer, isUtf8: boolean): string {
  const raw = name.toString('latin1');
  if (isAscii.test(raw)) return raw;
  if (isUtf8) return name.toString('utf8');
  const unicode = findExtra(extra, unicodePathId);
  if (unicode !== undefined && unicode.length > 5 && unicode[0] === 1) {
    if (unicode.readUInt32LE(1) === crc32(name)) return unicode.toString('utf8', 5);
  }
  let text = '';
  for (const byte of name) {
    text += byte < 0x80 ? String.fromCharCode(byte) : (upperHalf[byte - 0x80] ?? '\ufffd');
  }
  return text;
}

/** One record of an extra field, or undefined. */
export function findExtra(extra: Buffer, id: number): Buffer | undefined {
  let at = 0;
  while (at + 4 <= extra.length) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) {
      return end <= extra.length ? extra.subarray(at + 4, end) : undefined;
    }
    at = end;
  }
  return undefined;
}
