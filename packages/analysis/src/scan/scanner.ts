/**
 * A scanner reports findings for a file. Every scan ends in one of the same four states, which are
 * never confused: nothing found, something found, not fully examined, and failed.
 * `scanner.suite.ts` tests this for each scanner.
 */
import type { Finding, GapReason } from '@lazaret/protocol';

/** The input of a scan. The bytes may be passed on, but not changed. */
export interface ScanSubject {
  /** `a.zip!/b` inside an archive. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly sha1?: string;
  readonly md5?: string;
  /** Kind of the content by its first bytes, see format/file-kind.ts. */
  readonly kind: string;
  readonly mode: number;
  /** Absent for a scanner that needs digests only. */
  readonly bytes?: Buffer;
}

/** Findings of a file, without what the caller knows: path, SHA-256, scanner, signatures. */
export type FileFinding = Omit<Finding, 'path' | 'sha256' | 'scanner' | 'signatures'>;

export interface ScanAnswer {
  /** `examined`: all of it was examined. The other two never count as clean. */
  readonly state: 'examined' | 'partial' | 'failed';
  readonly findings: readonly FileFinding[];
  /** Why not `examined`. */
  readonly reason?: GapReason;
  readonly detail?: string;
  /**
   * The signatures of this result. When they are not those of `describe` (after a reload), the
   * result is valid, but is not cached under the other key.
   */
  readonly signatures: string;
}

export interface ScannerDescription {
  /** Program and version: `ClamAV 1.4.6`. */
  readonly engine: string;
  /** Identity of the signatures, rules or lists: another value means other results. */
  readonly signatures: string;
  /** Their build time, ISO 8601, if known. */
  readonly signaturesAt?: string;
  /** Number of rules, digests or patterns, if known. */
  readonly rules?: number;
  /** Limits under which it examines, in one canonical string: part of cache keys. */
  readonly limits: string;
  readonly healthy: boolean;
  /** The problem when it is not healthy, and what to do. */
  readonly problem?: string;
}

export interface Scanner {
  /** `clamav`. */
  readonly id: string;
  /** Whether it needs the bytes, or only the digests (which need no second read). */
  readonly needs: 'bytes' | 'digests';
  /**
   * Set when the result also depends on the path and mode, and so may not be reused for the
   * same bytes elsewhere.
   */
  readonly pathMatters?: boolean;
  /** Called at the start and at the end of every inspection. Never throws. */
  describe(): Promise<ScannerDescription>;
  /** Whether it scans the file, by kind, size and path. */
  wants(subject: ScanSubject): boolean;
  /** Examines one file. Several calls may run at once. Never throws; a failure is a result. */
  scan(subject: ScanSubject, signal?: AbortSignal): Promise<ScanAnswer>;
  /** Releases processes, connections and workers. */
  close(): Promise<void>;
}
