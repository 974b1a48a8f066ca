/** What a reader could not understand in one file: told, but not a million times. */
import { limits } from '@lazaret/protocol';
import type { Fact, UnknownFact } from '@lazaret/protocol';

export interface Doubts {
  /** Emits an unknown fact; behind `limits.doubtsPerFile` of them one last that says so. */
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
      if (told > limits.doubtsPerFile + 1) return;
      const last = told > limits.doubtsPerFile;
      const text = last ? 'more of the same file was not understood' : detail;
      emit({ kind: 'unknown', path, reader, reason: last ? 'too_many' : reason, detail: text });
    },
  };
}
