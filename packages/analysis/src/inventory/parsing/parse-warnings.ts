/** Warnings about the unparsable parts of one file, up to a limit. */
import type { Fact, DiagnosticFact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';

export interface ParseWarnings {
  /** Emits an unknown fact; after `analysisLimits.warningsPerFile` of them a final one says so. */
  add(reason: DiagnosticFact['reason'], detail: string): void;
}

export interface ParseWarningsOptions {
  readonly reader: string;
  readonly path: string;
  readonly emit: (fact: Fact) => void;
}

export function createParseWarnings({ reader, path, emit }: ParseWarningsOptions): ParseWarnings {
  let count = 0;
  return {
    add(reason, detail) {
      count += 1;
      if (count > analysisLimits.warningsPerFile + 1) return;
      const last = count > analysisLimits.warningsPerFile;
      const text = last ? 'more of the same file could not be parsed' : detail;
      emit({ kind: 'diagnostic', path, reader, reason: last ? 'too_many' : reason, detail: text });
    },
  };
}
