/** What a reader could not understand in one file: told, but not a million times. */
import type { Fact, UnknownFact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';

export interface Doubts {
  /** Emits an unknown fact; behind `analysisLimits.doubtsPerFile` of them one last that says so. */
  add(reason: UnknownFact['reason'], detail: string): void;
}

export interface DoubtsOptions {
  readonly reader: string;
  readonly path: string;
  readonly emit: (fact: Fact) => void;
}

export function createDoubts({ reader, path, emit }: DoubtsOptions): Doubts {
  let told = 0;
  return {
    add(reason, detail) {
      told += 1;
      if (told > analysisLimits.doubtsPerFile + 1) return;
      const last = told > analysisLimits.doubtsPerFile;
      const text = last ? 'more of the same file was not understood' : detail;
      emit({ kind: 'unknown', path, reader, reason: last ? 'too_many' : reason, detail: text });
    },
  };
}
