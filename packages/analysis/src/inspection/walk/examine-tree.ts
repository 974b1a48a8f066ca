/**
 * The single pass over a tree: every file is read once, digested, classified, and given to the
 * readers that want it and to scanners. Nothing is written to disk; memory holds one file for
 * readers and `scanBytesAtOnce` for scanners.
 */
import type { FileRow, Gap, SimilarityDigests } from '@lazaret/protocol';

import { releaseMemory } from '../../archive/release-memory.ts';
import { fileKind, fileKindBytes, isProgram } from '../../format/file-kind.ts';
import { digestBytes } from '../../digest/file-digests.ts';
import type { DigestChoice } from '../../digest/file-digests.ts';
import type { Reader } from '../../inventory/reader.ts';
import { SourceError } from '@lazaret/oci';
import { analysisLimits } from '../../limits.ts';
import type { FileEntry, FileTree, TreeFile } from '../../tree/file-tree.ts';
import { inspectionLimits } from './limits.ts';
import type { UnpackMembers } from './unpack-members.ts';
import { structureFindings } from './structure-findings.ts';
import { RowStore } from './packed-rows.ts';
import { Scratch, readContent } from './read-content.ts';
import type { ReadContent } from './read-content.ts';
import { selectReaders } from './reader-table.ts';
import type { SelectReaders } from './reader-table.ts';
import { FactSheet } from './run-readers.ts';
import { ScanQueue } from './scan-queue.ts';
import type { PlannedScanner } from './scan-queue.ts';
import type {
  ExtraContent,
  MemberRow,
  OfFile,
  RecordedFinding,
  TreeRecord,
} from './tree-record.ts';
import type { VerdictStore } from '../../cache/verdict-store.ts';

export interface ExaminePlan {
  readonly readers: readonly Reader[];
  readonly scanners: readonly PlannedScanner[];
  readonly digests: DigestChoice;
  /** A layer has whiteouts; in other trees such names have no meaning. */
  readonly isLayer: boolean;
  /** Computes TLSH, ssdeep and sdhash digests of programs; absent when not requested. */
  readonly similarity?: ((bytes: Buffer) => SimilarityDigests) | undefined;
  /** Unpacks archives for scanners; absent when not requested. */
  readonly unpack?: UnpackMembers | undefined;
  readonly verdicts?: VerdictStore | undefined;
  /** Aborts the walk; previous results are kept, with a gap `timed_out`. */
  readonly signal?: AbortSignal | undefined;
  /** Called periodically with the number of files. */
  readonly onProgress?: ((files: number) => void) | undefined;
}

const filesPerProgress = 512;

/**
 * Walks a tree, then scans extra content found outside its files. When reading fails, previous
 * results are returned together with the error.
 */
export async function examineTree(
  tree: FileTree,
  plan: ExaminePlan,
  extraContent: () => Iterable<ExtraContent> = () => [],
): Promise<{ record: TreeRecord; failure?: unknown }> {
  const walk = new Walk(plan);
  let failure: unknown;
  try {
    for await (const file of tree.walk()) {
      plan.signal?.throwIfAborted();
      await walk.visit(file);
    }
  } catch (error) {
    failure = error;
  }
  for (const extra of extraContent()) await walk.scanExtra(noRow, { ...extra, mode: 0 });
  const record = await walk.finish();
  return failure === undefined ? { record } : { record, failure };
}

/** For content that does not belong to a row in `files`. */
const noRow = -1;

class Walk {
  readonly #plan: ExaminePlan;
  readonly #select: SelectReaders;
  readonly #facts: FactSheet;
  readonly #scans: ScanQueue;
  readonly #files = new RowStore(analysisLimits.plainRows);
  readonly #members: OfFile<MemberRow>[] = [];
  readonly #structure: OfFile<RecordedFinding>[] = [];
  readonly #gaps: Gap[] = [];
  /** Scanners run concurrently with the walk, so their input is never overwritten. */
  readonly #scratch: Scratch | undefined;
  #unlisted = 0;
  /** The last row of each path, built at the first hard link. */
  #rows: Map<string, number> | undefined;

  constructor(plan: ExaminePlan) {
    this.#plan = plan;
    this.#select = selectReaders(plan.readers);
    this.#facts = new FactSheet(plan.readers);
    this.#scans = new ScanQueue(plan.scanners, plan);
    this.#scratch =
      plan.scanners.length === 0 ? new Scratch(inspectionLimits.scratchBytes) : undefined;
  }

  async visit(file: TreeFile): Promise<void> {
    const row = this.#files.length;
    if (row % filesPerProgress === 0) this.#plan.onProgress?.(row);
    if (this.#plan.isLayer) {
      for (const each of structureFindings(file)) this.#keep(this.#structure, [row, each]);
    }
    // Tools based on Go's tar reader unpack entries with unknown type flags as files.
    const hasContent = file.type === 'file' || file.type === 'unknown';
    this.#files.push(hasContent ? await this.#readFile(file, row) : this.#describe(file));
    this.#rows?.set(file.path, row);
    for (const [name, value] of file.xattrs ?? []) {
      if (value.length < inspectionLimits.attributeScanBytesMin) continue;
      const path = `${file.path}!/(attribute ${name})`;
      await this.scanExtra(row, { path, mode: file.mode, bytes: Buffer.from(value) });
    }
  }

  /** Content that is not part of a file; only scanners read it. */
  async scanExtra(row: number, extra: ExtraContent & { readonly mode: number }): Promise<void> {
    const { path, bytes, mode } = extra;
    const kind = fileKind(bytes.subarray(0, fileKindBytes), bytes.length);
    const digests = digestBytes(bytes, this.#plan.digests);
    const content = { digests, bytes, head: bytes, owned: true, sizeBytes: bytes.length };
    await this.#scan(row, { file: { path, mode }, kind, content });
  }

  async finish(): Promise<TreeRecord> {
    const scans = await this.#scans.finish();
    return {
      files: this.#files.rows(),
      facts: this.#facts.finish(),
      scans,
      ...(this.#plan.unpack !== undefined && { members: this.#members }),
      structure: this.#structure,
      gaps: this.#unlisted === 0 ? this.#gaps : [...this.#gaps, this.#tooMany()],
    };
  }

  #tooMany(): Gap {
    const detail = `${this.#unlisted} more members, findings and gaps than the limit`;
    return { by: 'unpacking', reason: 'too_many', detail };
  }

  /** A row for links, directories and devices. A hard link has the content of its target. */
  #describe(file: FileEntry): FileRow {
    const row = baseRow(file);
    if (file.type !== 'hardlink') return row;
    const target = this.#find(file.linkPath ?? '');
    if (target === undefined) return row;
    const { sizeBytes, sha256, sha1, md5, kind, similarity } = target;
    return {
      ...{ ...row, sizeBytes },
      ...(sha256 !== undefined && { sha256 }),
      ...(sha1 !== undefined && { sha1 }),
      ...(md5 !== undefined && { md5 }),
      ...(kind !== undefined && { kind }),
      ...(similarity !== undefined && { similarity }),
    };
  }

  /** Adds an item up to the limit; content beyond it is still scanned. */
  #keep<T>(list: T[], item: T): void {
    if (list.length < inspectionLimits.layerNotes) list.push(item);
    else this.#unlisted += 1;
  }

  #find(path: string): FileRow | undefined {
    if (this.#rows === undefined) {
      this.#rows = new Map();
      for (let row = 0; row < this.#files.length; row += 1) {
        this.#rows.set(this.#files.at(row)?.path ?? '', row);
      }
    }
    const row = this.#rows.get(path);
    return row === undefined ? undefined : this.#files.at(row);
  }

  async #readFile(file: TreeFile, row: number): Promise<FileRow> {
    let readers: readonly Reader[] = [];
    let kind = 'data';
    const small = file.sizeBytes <= analysisLimits.readerFileBytes;
    const whole = (head: Buffer): boolean => {
      kind = fileKind(head, file.sizeBytes);
      readers = this.#select(file, head);
      if (!small) return false;
      const subject = { path: file.path, sizeBytes: file.sizeBytes, kind, mode: file.mode };
      return (
        readers.some(({ maxBytes }) => file.sizeBytes <= maxBytes) ||
        (this.#plan.similarity !== undefined && isProgram(kind, file.mode)) ||
        this.#scans.wantsBytes(subject) ||
        this.#plan.unpack !== undefined
      );
    };
    const content = await this.#readContent(file, whole);
    if (content === undefined) return baseRow(file);
    const { digests, bytes } = content;
    await this.#runReaders(readers, row, { file, bytes });
    const similarity =
      bytes !== undefined && isProgram(kind, file.mode)
        ? this.#plan.similarity?.(bytes)
        : undefined;
    await this.#scan(row, { file, kind, content });
    if (bytes !== undefined && content.owned && this.#scratch !== undefined) releaseMemory(bytes);
    return {
      ...baseRow(file),
      ...{ sizeBytes: content.sizeBytes, ...digests, kind },
      ...(similarity !== undefined && { similarity }),
    };
  }

  /** An unreadable file of a directory becomes a gap; a read error in a layer ends it. */
  async #readContent(
    file: TreeFile,
    whole: (head: Buffer) => boolean,
  ): Promise<ReadContent | undefined> {
    try {
      const { digests } = this.#plan;
      return await readContent(file, { digests, whole, scratch: this.#scratch });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const reason = error.code === 'unauthorized' ? 'not_available' : 'failed';
      this.#gaps.push({ by: 'source', reason, detail: error.message, path: file.path });
      return undefined;
    }
  }

  async #runReaders(
    readers: readonly Reader[],
    row: number,
    { file, bytes }: { file: TreeFile; bytes: Buffer | undefined },
  ): Promise<void> {
    for (const reader of readers) {
      if (bytes === undefined || bytes.length > reader.maxBytes) {
        this.#facts.refuse(reader, row, file);
      } else await this.#facts.read(reader, row, { ...file, bytes });
    }
  }

  async #scan(row: number, { file, kind, content }: ScannedContent): Promise<void> {
    if (this.#plan.scanners.length === 0) return;
    const { path, mode } = file;
    const subject = { path, sizeBytes: content.sizeBytes, kind, mode, ...content.digests };
    const { bytes } = content;
    const { unpack } = this.#plan;
    // Scanners run concurrently with the walk: content in the memory of the stream is copied for
    // them.
    const kept = bytes === undefined || content.owned ? bytes : Buffer.from(bytes);
    await this.#scans.add(row, kept === undefined ? subject : { ...subject, bytes: kept });
    if (kept === undefined || unpack === undefined) return;
    for await (const step of unpack({ path, bytes: kept })) {
      if ('gap' in step) {
        this.#keep(this.#gaps, step.gap);
        continue;
      }
      const { bytes: inner, ...member } = step.member;
      this.#keep(this.#members, [row, member]);
      await this.#scans.add(row, { ...member, mode, bytes: inner });
    }
  }
}

interface ScannedContent {
  readonly file: Pick<TreeFile, 'path' | 'mode'>;
  readonly kind: string;
  readonly content: ReadContent;
}

const capabilityAttribute = 'security.capability';

function baseRow(file: FileEntry): FileRow {
  const { path, rawPath, type, mode, uid, gid, sizeBytes, mtimeMs, linkPath } = file;
  const capability = file.xattrs?.get(capabilityAttribute);
  return {
    path,
    ...(rawPath !== undefined && { rawPath }),
    ...{ type, mode, uid, gid, sizeBytes, mtimeMs },
    ...(linkPath !== undefined && { linkPath }),
    ...(file.device !== undefined && { device: file.device }),
    ...(capability !== undefined && { capabilities: Buffer.from(capability).toString('hex') }),
  };
}
