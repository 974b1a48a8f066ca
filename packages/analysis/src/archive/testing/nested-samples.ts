/** What the tests of unpacking share: a whole walk, and small containers. */
import { NestedBudget } from '../nested-budget.ts';
import type { NestedLimits } from '../nested-budget.ts';
import { openNested } from '../nested.ts';

export interface Opened {
  /** Content by path; of doubles the last. */
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
