/** What a rule for secrets is. */
import type { Severity } from '@lazaret/protocol';

export interface SecretRule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Literals of which one is in every match, three bytes or more. The pattern begins there. */
  readonly anchors: readonly string[];
  /**
   * Sticky, matched at the anchor on the bytes as latin1; looks back `windowBefore` bytes at most.
   * The group `secret` is what is masked, else all of it. Every repetition is bounded.
   */
  readonly pattern: RegExp;
  /** Looked for in binary files too: what cannot be a coincidence. */
  readonly binary?: boolean;
  /** The anchor may follow a letter or digit. */
  readonly inWord?: boolean;
  /** How many bytes from the anchor on the pattern may see, when `windowAfter` is too little. */
  readonly reach?: number;
  /** Only in files whose path matches. */
  readonly path?: RegExp;
  /** Refuses what only looks like a secret, or changes the severity. */
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

/** How much of the content around an anchor a pattern may see. */
export const windowBefore = 96;
export const windowAfter = 320;
