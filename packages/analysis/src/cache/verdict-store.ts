/**
 * Answers of scanners about contents, kept across layers and images. The key is everything that an
 * answer depends on: the bytes (SHA-256 and size), the scanner with its engine and limits, its
 * signatures, and the path where it matters. Never a name alone, never a similarity digest.
 */
import type { ScanAnswer, ScanSubject, Scanner, ScannerDescription } from '../scan/scanner.ts';

export interface VerdictKey {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Scanner, engine, signatures and limits in one string. */
  readonly profile: string;
  /** Empty unless the answer depends on it. */
  readonly path: string;
}

export interface VerdictStore {
  get(key: VerdictKey): ScanAnswer | undefined;
  put(key: VerdictKey, answer: ScanAnswer): void;
}

/** What of a scanner its answers depend on. */
export function scanProfile(scanner: Scanner, description: ScannerDescription): string {
  const { engine, signatures, limits } = description;
  return JSON.stringify([scanner.id, engine, signatures, limits]);
}

export function verdictKey(subject: ScanSubject, scanner: Scanner, profile: string): VerdictKey {
  return {
    sha256: subject.sha256,
    sizeBytes: subject.sizeBytes,
    profile,
    path: scanner.pathMatters === true ? `${subject.mode.toString(8)} ${subject.path}` : '',
  };
}

/**
 * Whether an answer may be given again: only a full one, by the signatures of its key, of a scanner
 * in good order. One that is not may not know itself what it is looking for, as clamd does that
 * tells nothing of its signatures: others would have the same key.
 */
export function isKeepable(answer: ScanAnswer, description: ScannerDescription): boolean {
  if (!description.healthy) return false;
  return answer.state === 'examined' && answer.signatures === description.signatures;
}
