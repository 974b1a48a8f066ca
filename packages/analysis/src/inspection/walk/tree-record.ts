/**
 * The result of a walk: plain data that can be cached, sent between threads and merged with other
 * layers. Facts, findings and gaps refer to their file by its index in `files`, because a tree may
 * have several files with the same path.
 */
import type { Compression } from '../../archive/decompress.ts';
import type { Fact, FileRow, Finding, Gap } from '@lazaret/protocol';

/** Index of a file in `files`, and a value about it. */
export type OfFile<T> = readonly [row: number, value: T];

/** Content for scanners that is not a file of the tree; its name is in parentheses. */
export interface ExtraContent {
  readonly path: string;
  readonly bytes: Buffer;
}

/** A finding without the scanner and signatures, which are common to a scan. */
export type RecordedFinding = Omit<Finding, 'scanner' | 'signatures'>;

export interface ScanRecord {
  /** Signatures of the description under which the scan ran. */
  readonly signatures: string;
  readonly findings: readonly OfFile<RecordedFinding>[];
  readonly gaps: readonly OfFile<Gap>[];
  /** Number of scanned files; `cached` of them were answered from the cache. */
  readonly examined: number;
  readonly cached: number;
  readonly partial: number;
  readonly failed: number;
}

/** An archive member, as unpacked for scanners. */
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
  /** Unpacked archive members; absent when not requested. */
  readonly members?: readonly OfFile<MemberRow>[];
  /** Findings about the structure of the tree: path escapes, device whiteouts, bare whiteouts. */
  readonly structure: readonly OfFile<RecordedFinding>[];
  /** Gaps of the walk itself. */
  readonly gaps: readonly Gap[];
}

/** A layer that was read completely, with verified digests. */
export interface LayerRecord extends TreeRecord {
  /** `sha256:...` of the bytes as stored. */
  readonly digest: string;
  /** `sha256:...` of the plain tar. */
  readonly diffId: string;
  readonly compression: Compression;
  readonly storedBytes: number;
  readonly tarBytes: number;
}
