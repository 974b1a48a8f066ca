/** Whether the content of a script can run at all. Pure. */
import { Problem, type ScriptKind } from '@lazaret/protocol';

const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** Throws invalid_script. `architecture` is that of the server, as Node names it. */
export function checkContent(kind: ScriptKind, content: Buffer, architecture: string): void {
  if (content.length === 0) throw invalid('the script is empty');
  if (kind === 'binary') return checkBinary(content, architecture);
  if (content.includes(0)) {
    throw invalid('expected text, got a NUL byte (for a program, use the kind binary)');
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw invalid('expected text in UTF-8');
  }
}

function checkBinary(content: Buffer, architecture: string): void {
  const elf = readElf(content);
  if (elf === undefined) throw invalid('expected a program for Linux (ELF, 64 bit)');
  if (elf.machine !== machines[architecture]) {
    const expected = machines[architecture] ?? architecture;
    throw invalid(
      `expected a program for ${architecture} (machine ${expected}), got ${elf.machine}`,
    );
  }
  if (elf.loader !== undefined) {
    const message = 'the program is dynamically linked, and images need not have its libraries';
    throw invalid(`${message}; link it statically`);
  }
}

export interface ElfFacts {
  readonly machine: number;
  /** The dynamic loader that it needs; undefined if it is statically linked. */
  readonly loader: string | undefined;
}

const header = { bytes: 64, class64: 2, littleEndian: 1, interpreterType: 3 } as const;

/** Undefined for what is not a little-endian ELF file of 64 bits. */
export function readElf(content: Buffer): ElfFacts | undefined {
  const isElf =
    content.length >= header.bytes &&
    content.readUInt32BE(0) === 0x7f454c46 &&
    content[4] === header.class64 &&
    content[5] === header.littleEndian;
  if (!isElf) return undefined;
  const offset = Number(content.readBigUInt64LE(32));
  const entryBytes = content.readUInt16LE(54);
  const count = content.readUInt16LE(56);
  let loader: string | undefined;
  for (let at = 0; at < count; at += 1) {
    const place = offset + at * entryBytes;
    if (place + 4 > content.length) return undefined;
    if (content.readUInt32LE(place) === header.interpreterType) loader = readLoader(content, place);
  }
  return { machine: content.readUInt16LE(18), loader };
}

/** Empty if the entry leads outside of the file. */
function readLoader(content: Buffer, place: number): string {
  if (place + 40 > content.length) return '';
  const offset = Number(content.readBigUInt64LE(place + 8));
  const sizeBytes = Number(content.readBigUInt64LE(place + 32));
  return content.toString('latin1', offset, offset + sizeBytes).replace(/\0.*$/s, '');
}

function invalid(message: string): Problem {
  return new Problem('invalid_script', message, {
    fields: [{ path: 'body.content', message }],
  });
}
