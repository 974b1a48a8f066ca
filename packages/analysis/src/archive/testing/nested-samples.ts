/** Shared by tests of unpacking: a complete walk, and small containers. */
import { NestedBudget } from '../nested-budget.ts';
import type { NestedLimits } from '../nested-budget.ts';
import { openNested } from '../nested.ts';

export interface Opened {
  /** Content by path; of duplicates the last. */
  readonly members: Map<string, Buffer>;
  /** `path: reason`. */
  readonly gaps: string[];
  readonly truncated: string[];
}

export interface OpenAllOptions {
  readonly path?: string;
  readonly limits?: Partial<NestedLimits>;
  readonly now?: () => number;
}

/** Opens everything, and copies each member within its turn. */
export async function openAll(bytes: Buffer, options: OpenAllOptions = {}): Promise<Opened> {
  const { path = 'file', limits = {}, now = () => 0 } = options;
  const opened: Opened = { members: new Map(), gaps: [], truncated: [] };
  for await (const step of openNested({ path, bytes }, new NestedBudget({ now, limits }))) {
    if (step.type === 'gap') opened.gaps.push(`${step.path}: ${step.reason}`);
    else {
      opened.members.set(step.path, Buffer.from(step.bytes));
      if (step.truncated) opened.truncated.push(step.path);
    }
  }
  return opened;
}

export interface SampleFile {
  readonly path: string;
  readonly content: Buffer;
}

/** An `ar` archive with the long names of GNU. */
export function arArchive(files: readonly SampleFile[]): Buffer {
  const names = Buffer.from(files.map(({ path }) => `${path}/\n`).join(''));
  const parts = [Buffer.from('!<arch>\n'), arMember('//', names)];
  let at = 0;
  for (const { path, content } of files) {
    parts.push(arMember(`/${at}`, content));
    at += Buffer.byteLength(path) + 2;
  }
  return Buffer.concat(parts);
}

function arMember(name: string, content: Buffer): Buffer {
  const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '644'.padEnd(8)];
  const header = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header), content, Buffer.alloc(content.length % 2, '\n')]);
}

/** A cpio archive in the form `newc`, with its trailer. */
export function cpioArchive(files: readonly SampleFile[]): Buffer {
  const end = { path: 'TRAILER!!!', content: Buffer.alloc(0) };
  return Buffer.concat([...files, end].map(cpioMember));
}

function cpioMember({ path, content }: SampleFile): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [1, 0o100644, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([fill(Buffer.concat([Buffer.from(header), name])), fill(content)]);
}

function fill(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

/** `evil` ("something evil") and `x` ("odd"), by GNU cpio 2.13, `-H bin`, without its padding. */
export const binaryCpio: Buffer = Buffer.from(
  'x3EA/ghwpIEAAAAAAQAAAAlrj58FAAAADgBldmlsAABzb21ldGhpbmcgZXZpbMdxAP4JcKSBAAAAAAEA' +
    'AAAJa4+fAgAAAAMAeABvZGQAx3EAAAAAAAAAAAAAAQAAAAAAAAALAAAAAABUUkFJTEVSISEhAAA=',
  'base64',
);

/** The same as a machine of the other byte order writes it. */
export function swappedCpio(): Buffer {
  const bytes = Buffer.from(binaryCpio);
  for (const [name, sizeBytes] of [
    ['evil', 14],
    ['x', 3],
    ['TRAILER!!!', 0],
  ] as const) {
    const at = bytes.indexOf(`${name}\0`, 0, 'latin1') - 26;
    bytes.subarray(at, at + 26).swap16();
    if (bytes.readUInt16BE(at + 24) !== sizeBytes) throw new Error('the sample is another one');
  }
  return bytes;
}

/** `evil` and `x` by 7-Zip 26.02. */
export const sevenZip: Buffer = Buffer.from(
  'N3q8ryccAAT6jz9NbQAAAAAAAAAgAAAAAAAAAPQ2do0BABBzb21ldGhpbmcgZXZpbG9kZAAAAIEzB64P' +
    'z0tvjAfIQ39Bsfr95GF56W09cU1KefUQP2CN8PT7W0DCvEYRQEQlzP2WyW1C87UEacsCCN+u4gQQ1PtC' +
    'ivy43z/7BYZkLp+3Qy0iXyf4AAAAFwYVAQlYAAcLAQABIwMBAQVdABAAAAxmCgFtIICDAAA=',
  'base64',
);

/** The same by arj 3.10. */
export const arj: Buffer = Buffer.from(
  'YOopACILAQIQAAJ1j58Ja4+fCWsAAAAAAAAAAAAAAAAAAAAAAABhLmFyagAA3R3cqwAAYOo0AC4LAQIQ' +
    'AACPj58Jaw4AAAAOAAAAcMPzjQAApBEAAAAAAACPnwlrj58JawAAAABldmlsAACvF3gQAABzb21ldGhp' +
    'bmcgZXZpbGDqMQAuCwECEAAAj4+fCWsDAAAAAwAAAO1ehPcAAKQRAAAAAAAAj58Ja4+fCWsAAAAAeAAA' +
    'c54cOwAAb2RkYOoAAA==',
  'base64',
);
