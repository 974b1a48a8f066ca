/** Numbers in untrusted bytes, in either byte order and width. */
import { readName } from './binary-section.ts';

export interface NumberView {
  u16(at: number): number;
  u32(at: number): number;
  /** 64 bits; above 2^53 rounded, which is beyond every file. */
  u64(at: number): number;
  /** As wide as an address is. */
  word(at: number): number;
  /** Up to NUL, at most this many bytes. */
  text(at: number, maxBytes: number): string;
  /** Number of bytes. */
  readonly size: number;
}

/** Bytes outside read as 0: tables that point there are empty. */
export function viewNumbers(
  bytes: Buffer,
  { isBigEndian, is64 }: { readonly isBigEndian: boolean; readonly is64: boolean },
): NumberView {
  const has = (at: number, width: number): boolean => at >= 0 && at + width <= bytes.length;
  const u32 = (at: number): number => {
    if (!has(at, 4)) return 0;
    return isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  };
  const u64 = (at: number): number => {
    const [high, low] = isBigEndian ? [u32(at), u32(at + 4)] : [u32(at + 4), u32(at)];
    return high * 2 ** 32 + low;
  };
  return {
    u16: (at) => {
      if (!has(at, 2)) return 0;
      return isBigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
    },
    u32,
    u64,
    word: is64 ? u64 : u32,
    text: (at, maxBytes) => readName(bytes.subarray(at, at + maxBytes), 0),
    size: bytes.length,
  };
}
