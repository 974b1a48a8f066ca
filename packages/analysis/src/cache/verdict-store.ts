/**
 * Cache of scan results by content, across layers and images. The key has everything that a result
 * depends on: the content (SHA-256 and size), the scanner with its engine and limits, its
 * signatures, and the path where it matters. Never a name alone, never a similarity digest.
 */
import type { ScanAnswer, ScanSubject, Scanner, ScannerDescription } from '../scan/scanner.ts';

export interface VerdictKey {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Scanner, engine, signatures and limits in one string. */
  readonly profile: string;
  /** Empty unless the result depends on it. */
  readonly path: string;
}

export interface VerdictStore {
  get(key: VerdictKey): ScanAnswer | undefined;
  put(key: VerdictKey, answer: ScanAnswer): void;
}

/** The part of the key that identifies a scanner and its configuration. */
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
 * Whether a result is cacheable: only a complete one, with the signatures of its key, from a
 * healthy scanner. An unhealthy scanner may not know its own signatures, as a clamd that does not
 * report them: different signatures would share a key.
 */
export function isCacheableAnswer(answer: ScanAnswer, description: ScannerDescription): boolean {
  if (!description.healthy) return false;
  return answer.state === 'examined' && answer.signatures === description.signatures;
}
