/** The definition of a rule for secrets. */
import type { Severity } from '@lazaret/protocol';

export interface SecretRule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Literals of which one is in every match, three bytes or more. The pattern begins there. */
  readonly anchors: readonly string[];
  /**
   * Sticky, matched at the anchor on the bytes as latin1; with at most `windowBefore` bytes of
   * lookbehind. The group `secret` is masked, otherwise the whole match. Every repetition is
   * bounded.
   */
  readonly pattern: RegExp;
  /** Also applied to binary files, because it cannot match by coincidence. */
  readonly binary?: boolean;
  /** The anchor may follow a letter or digit. */
  readonly inWord?: boolean;
  /** Number of bytes after the anchor that the pattern may match, if `windowAfter` is too small. */
  readonly reach?: number;
  /** Only in files whose path matches. */
  readonly path?: RegExp;
  /** Rejects false positives, or changes the severity. */
  readonly judge?: (match: SecretMatch) => Severity | undefined;
}

export interface SecretMatch {
  readonly path: string;
  readonly secret: string;
  /** All that the pattern matched. */
  readonly text: string;
  /** Up to `windowBefore` bytes before it. */
  readonly before: string;
}

/** The content around an anchor that a pattern may match. */
export const windowBefore = 96;
export const windowAfter = 320;
