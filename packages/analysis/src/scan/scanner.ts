/**
 * A scanner reports findings for a file. Every scan ends in one of the same four states, which are
 * never mixed up: nothing found, something found, not fully examined, and failed.
 * `scanner.suite.ts` holds each of them to this.
 */
import type { Finding, GapReason } from '@lazaret/protocol';

/** What is to be scanned. The bytes may be given on, not changed. */
export interface ScanSubject {
  /** `a.zip!/b` inside an archive. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly sha1?: string;
  readonly md5?: string;
  /** Kind of the content by its first bytes, see digest/file-kind.ts. */
  readonly kind: string;
  readonly mode: number;
  /** Absent for a scanner that needs digests only. */
  readonly bytes?: Buffer;
}

/** Findings of a file, without what the caller knows: path, SHA-256, scanner, signatures. */
export type FileFinding = Omit<Finding, 'path' | 'sha256' | 'scanner' | 'signatures'>;

export interface ScanAnswer {
  /** `examined`: all of it was looked at. The other two never count as clean. */
  readonly state: 'examined' | 'partial' | 'failed';
  readonly findings: readonly FileFinding[];
  /** Why not `examined`. */
  readonly reason?: GapReason;
  readonly detail?: string;
  /**
   * The signatures that gave this answer. When they are not those of `describe` (a reload in the
   * middle), the answer stands, but is not kept under the other's key.
   */
  readonly signatures: string;
}

export interface ScannerDescription {
  /** Program and version: `ClamAV 1.4.6`. */
  readonly engine: string;
  /** Identity of the signatures, rules or lists: another value means other answers. */
  readonly signatures: string;
  /** When they were made, ISO 8601, where they say so. */
  readonly signaturesAt?: string;
  /** Number of rules, digests or patterns, where it is known. */
  readonly rules?: number;
  /** Limits under which it examines, in one canonical string: part of cache keys. */
  readonly limits: string;
  readonly healthy: boolean;
  /** What is wrong when it is not healthy, and what to do. */
  readonly problem?: string;
}

export interface Scanner {
  /** `clamav`. */
  readonly id: string;
  /** Whether it must see the bytes, or only the digests (and then costs no second reading). */
  readonly needs: 'bytes' | 'digests';
  /**
   * Set when the answer depends on the path and mode too, and so may not be given for the same
   * bytes elsewhere.
   */
  readonly pathMatters?: boolean;
  /** Asked at the start and at the end of every inspection. Never throws. */
  describe(): Promise<ScannerDescription>;
  /** Whether the file concerns it at all; by kind, size and path. */
  wants(subject: ScanSubject): boolean;
  /** Examines one file. Several calls may run at once. Never throws; a failure is an answer. */
  scan(subject: ScanSubject, signal?: AbortSignal): Promise<ScanAnswer>;
  /** Releases processes, connections and workers. */
  close(): Promise<void>;
}
