/** The members of an `ar` archive (static libraries, .deb), with the long names of GNU and BSD. */
import { DecodeError } from './decode-error.ts';

export interface PlainMember {
  readonly path: string;
  /** A view. */
  readonly bytes: Buffer;
}

const magicBytes = 8;
const headerBytes = 60;

/** Throws DecodeError when reading fails; members yielded before remain valid. */
export function* readAr(bytes: Buffer): Generator<PlainMember, void, undefined> {
  let names: Buffer = Buffer.alloc(0);
  for (let at = magicBytes; at < bytes.length;) {
    // A newline that fills up to an even offset may be the last byte.
    if (at + headerBytes > bytes.length) {
      if (bytes.length - at <= 1) return;
      throw new DecodeError('damaged', 'ar: it ends inside a header');
    }
    const header = bytes.toString('latin1', at, at + headerBytes);
    const size = /^\d{1,10} *$/.test(header.slice(48, 58)) ? Number(header.slice(48, 58)) : NaN;
    if (!header.endsWith('`\n') || Number.isNaN(size)) {
      throw new DecodeError('damaged', `ar: no header at byte ${at}`);
    }
    const start = at + headerBytes;
    const content = bytes.subarray(start, start + size);
    const name = header.slice(0, 16).trimEnd();
    if (name === '//') names = content;
    else if (name !== '/' && name !== '/SYM64/') yield describe(name, content, names);
    if (content.length < size) throw new DecodeError('damaged', 'ar: it ends inside a member');
    at = start + size + (size % 2);
  }
}

function describe(name: string, content: Buffer, names: Buffer): PlainMember {
  const bsd = /^#1\/(\d{1,5})$/.exec(name)?.[1];
  if (bsd !== undefined) {
    const length = Math.min(Number(bsd), content.length);
    const path = content.toString('utf8', 0, length).replace(/\0+$/, '');
    return { path, bytes: content.subarray(length) };
  }
  const gnu = /^\/(\d{1,10})$/.exec(name)?.[1];
  if (gnu === undefined) return { path: name.replace(/\/$/, ''), bytes: content };
  const from = Number(gnu);
  const end = names.indexOf('/\n', from, 'latin1');
  const path = names.toString('utf8', from, end < 0 ? from + 255 : Math.min(end, from + 4_096));
  return { path, bytes: content };
}
