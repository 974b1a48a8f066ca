/**
 * What one walk over one tree found: plain data that may be kept, sent between threads and joined
 * with that of other layers. Facts, findings and gaps refer to their file by its place in `files`,
 * because a tree may hold two files of the same path.
 */
import type { Compression } from '../../archive/decompress.ts';
import type { Fact, FileRow, Finding, Gap } from '@lazaret/protocol';

/** Place of a file in `files`, and what is said of it. */
export type OfFile<T> = readonly [row: number, value: T];

/** Bytes for scanners that are no file of the tree; the name stands in brackets. */
export interface ExtraContent {
  readonly path: string;
  readonly bytes: Buffer;
}

/** A finding without the scanner and signatures, which are the same for all of a scan. */
export type RecordedFinding = Omit<Finding, 'scanner' | 'signatures'>;

export interface ScanRecord {
  /** Signatures of the description under which the scan ran. */
  readonly signatures: string;
  readonly findings: readonly OfFile<RecordedFinding>[];
  readonly gaps: readonly OfFile<Gap>[];
  /** Files that the scanner was asked about; `cached` of them were answered from what is kept. */
  readonly examined: number;
  readonly cached: number;
  readonly partial: number;
  readonly failed: number;
}

/** A file inside a file, as it was unpacked for scanners. */
export interface MemberRow {
  /** `a.zip!/b`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly sha1?: string;
  readonly md5?: string;
  readonly kind: string;
}

export interface TreeRecord {
  readonly files: readonly FileRow[];
  /** By reader. */
  readonly facts: Readonly<Record<string, readonly OfFile<Fact>[]>>;
  /** By scanner. */
  readonly scans: Readonly<Record<string, ScanRecord>>;
  /** What was unpacked from files; absent when nothing asked for it. */
  readonly members?: readonly OfFile<MemberRow>[];
  /** Findings about how the tree itself is built: escapes, device whiteouts, bare whiteouts. */
  readonly structure: readonly OfFile<RecordedFinding>[];
  /** Of the walk itself. */
  readonly gaps: readonly Gap[];
}

/** A layer that was read to its end, its digests verified. */
export interface LayerRecord extends TreeRecord {
  /** `sha256:...` of the bytes as stored. */
  readonly digest: string;
  /** `sha256:...` of the plain tar. */
  readonly diffId: string;
  readonly compression: Compression;
  readonly storedBytes: number;
  readonly tarBytes: number;
}
