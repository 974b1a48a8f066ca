/**
 * Java archives, and archives inside them, all in memory and under one budget: depth, bytes,
 * members and the compression ratio are counted for the outermost file.
 */
import { createHash } from 'node:crypto';
import { limits } from '@lazaret/protocol';
import type { Fact, PackageFact, DiagnosticFact } from '@lazaret/protocol';

import { archiveLimits } from '../../archive/limits.ts';
import { readMember, readZip } from '../../archive/zip.ts';
import { ZipError } from '../../archive/zip-entry.ts';
import type { ZipArchive, ZipErrorCode, ZipMember, ZipNoteCode } from '../../archive/zip-entry.ts';
import { analysisLimits } from '../../limits.ts';
import { inventoryLimits } from '../limits.ts';
import type { Reader } from '../reader.ts';
import { hasEnding, identify } from './java-identity.ts';

const endings = [...['jar', 'war', 'ear', 'par', 'sar', 'hpi', 'jpi', 'nar', 'kar', 'lpkg', 'aar']];
export const javaEndings: readonly string[] = [...endings, 'zip'].map((ending) => `.${ending}`);

/**
 * An archive without metadata is a package with the name of its file and no version: no more is
 * known. A `.zip` is one only with Java metadata in it.
 */
export const javaReader: Reader = {
  id: 'java',
  version: 2,
  wants: { endings: javaEndings },
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    new ArchiveWalk(emit).visit(file.path, file.bytes, 0);
  },
};

/** The remaining budget of one outermost file. */
class ArchiveWalk {
  readonly #emit: (fact: Fact) => void;
  readonly #seen = new Map<string, readonly PackageFact[]>();
  #bytes: number = archiveLimits.nestedBytes;
  #entries: number = archiveLimits.nestedEntries;
  #unknowns: number = inventoryLimits.unknownsPerFile;

  constructor(emit: (fact: Fact) => void) {
    this.#emit = emit;
  }

  visit(path: string, bytes: Buffer, depth: number): void {
    const digest = createHash('sha256').update(bytes).digest('latin1');
    const known = this.#seen.get(digest);
    if (known !== undefined) {
      this.#repeat(path, known);
      return;
    }
    this.#seen.set(digest, []);
    const archive = this.#open(path, bytes);
    if (archive === undefined) return;
    const { members } = archive;
    const read = (member: ZipMember, maxBytes: number): Buffer | undefined =>
      this.#read({ archive, path }, member, maxBytes);
    const facts = identify({ path, members, read });
    this.#seen.set(
      digest,
      facts.map((fact) => ({ ...fact, path: fact.path.slice(path.length) })),
    );
    for (const fact of facts) this.#emit(fact);
    for (const member of members) {
      if (member.isDirectory || !hasEnding(member.path, ...endings)) continue;
      this.#descend(`${path}!/${member.path}`, depth + 1, () =>
        read(member, archiveLimits.nestedFileBytes),
      );
    }
  }

  #descend(path: string, depth: number, read: () => Buffer | undefined): void {
    if (depth > archiveLimits.nestedDepth) {
      this.#warn(
        path,
        'too_deep',
        `more than ${archiveLimits.nestedDepth} archives inside each other`,
      );
      return;
    }
    const bytes = read();
    if (bytes !== undefined) this.visit(path, bytes, depth);
  }

  /**
   * The same bytes again: its own packages are reported here too, its content was reported before.
   */
  #repeat(path: string, facts: readonly PackageFact[]): void {
    for (const fact of facts) this.#emit({ ...fact, path: `${path}${fact.path}` });
  }

  #open(path: string, bytes: Buffer): ZipArchive | undefined {
    let archive: ZipArchive;
    try {
      archive = readZip(bytes, {
        entries: this.#entries,
        ratio: archiveLimits.nestedRatio,
        ratioFreeBytes: archiveLimits.nestedRatioFreeBytes,
        notes: archiveLimits.nestedNotes,
      });
    } catch (error) {
      this.#fail(path, error);
      return undefined;
    }
    this.#entries -= archive.members.length;
    if (archive.noteCodes.has('too_many_entries')) {
      this.#warn(path, 'too_many', `more than ${archiveLimits.nestedEntries} members in all`);
    }
    const odd = archive.notes.filter(({ code }) => damage.has(code));
    const [first] = odd;
    if (first !== undefined) {
      const where = first.path === undefined ? '' : ` (${first.path.slice(0, 200)})`;
      const detail = `${odd.length} oddities, first ${first.code}${where}: ${first.detail}`;
      this.#warn(path, 'damaged', detail);
    }
    return archive;
  }

  #read(
    { archive, path }: { archive: ZipArchive; path: string },
    member: ZipMember,
    maxBytes: number,
  ): Buffer | undefined {
    try {
      const content = readMember(archive, member, Math.min(maxBytes, this.#bytes));
      this.#bytes -= content.length;
      return content;
    } catch (error) {
      this.#fail(`${path}!/${member.path}`, error);
      return undefined;
    }
  }

  #fail(path: string, error: unknown): void {
    if (!(error instanceof ZipError)) throw error;
    this.#warn(path, reasons[error.code], error.message.slice(0, limits.textFilterChars));
  }

  #warn(path: string, reason: DiagnosticFact['reason'], detail: string): void {
    this.#unknowns -= 1;
    if (this.#unknowns < 0) return;
    const last = this.#unknowns === 0;
    const text = last ? `${detail}; what else could not be read is not listed` : detail;
    this.#emit({ kind: 'diagnostic', path, reader: javaReader.id, reason, detail: text });
  }
}

/** Notes on an archive that mean that it may contain something that was not examined. */
const damage: ReadonlySet<ZipNoteCode> = new Set<ZipNoteCode>([
  ...(['header_differs', 'header_missing', 'not_listed', 'overlap', 'damaged_directory'] as const),
]);

const reasons: Readonly<Record<ZipErrorCode, DiagnosticFact['reason']>> = {
  not_zip: 'damaged',
  truncated: 'damaged',
  multi_disk: 'unsupported',
  bad_crc: 'damaged',
  bad_size: 'damaged',
  bad_data: 'damaged',
  too_large: 'too_large',
  ratio: 'too_large',
  encrypted: 'encrypted',
  unsupported: 'unsupported',
  overlap: 'damaged',
};
