/** Messages between the thread that runs rules and its caller. */
import type { MatchedString } from './yara-engine.ts';

export interface WorkerRules {
  /** Path of the WebAssembly module. */
  readonly module: string;
  readonly texts: readonly string[];
  readonly patternMatches: number;
}

export type FromWorker =
  | { readonly type: 'ready' }
  /** Rules that do not compile: index of the file, and the problem. */
  | { readonly type: 'refused'; readonly file: number; readonly message: string }
  | {
      readonly type: 'matches';
      readonly matches: readonly WorkerMatch[];
      /** Memory of the module; it never shrinks. */
      readonly memoryBytes: number;
    }
  | { readonly type: 'failed'; readonly message: string };

export interface WorkerMatch {
  readonly rule: string;
  readonly file: number;
  readonly tags: readonly string[];
  readonly metadata: readonly (readonly [string, string | number | boolean])[];
  readonly strings: readonly MatchedString[];
}
