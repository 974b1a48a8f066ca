/** The interface of both ways to run rules. */

/** One rule that matched. */
export interface RuleMatch {
  readonly rule: string;
  /** Index of its file in the rule set. */
  readonly file: number;
  readonly tags: readonly string[];
  readonly metadata: ReadonlyMap<string, string | number | boolean>;
  readonly strings: readonly MatchedString[];
}

export interface MatchedString {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

export type YaraOutcome =
  /** `isCut`: there was more than is reported. */
  | { readonly kind: 'done'; readonly matches: readonly RuleMatch[]; readonly isCut: boolean }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'failed'; readonly detail: string };

export interface YaraBounds {
  readonly fileMs: number;
  /** Threads or processes at a time. */
  readonly workers: number;
}

export interface YaraEngine {
  /** Program and version, once known. */
  readonly name: string;
  /** Prepares it, and returns the problem otherwise. Never throws. */
  check(): Promise<string | undefined>;
  /** Never throws. */
  scan(bytes: Buffer, signal?: AbortSignal): Promise<YaraOutcome>;
  close(): Promise<void>;
}
