/** Runs readers on one file; a failing reader does not affect the others or the walk. */
import type { Fact, DiagnosticFact } from '@lazaret/protocol';

import { ReadError } from '../../inventory/reader.ts';
import type { Reader, WholeFile } from '../../inventory/reader.ts';
import type { FileEntry } from '../../tree/file-tree.ts';
import { inspectionLimits } from './limits.ts';
import type { OfFile } from './tree-record.ts';

/** Collects facts by reader. */
export class FactSheet {
  readonly #facts: Map<string, OfFile<Fact>[]>;
  #count = 0;

  constructor(readers: readonly Reader[]) {
    this.#facts = new Map(readers.map(({ id }) => [id, []]));
  }

  /** Runs a reader on a file. */
  async read(reader: Reader, row: number, file: WholeFile): Promise<void> {
    const emit = (fact: Fact): void => {
      if (this.#count >= inspectionLimits.factsPerLayer) {
        throw new ReadError(
          'too_many',
          `more than ${inspectionLimits.factsPerLayer} facts in one layer`,
        );
      }
      this.#add(reader, row, fact);
    };
    try {
      await reader.read(file, emit);
    } catch (error) {
      this.#add(reader, row, diagnosticOf(reader, file, error));
    }
  }

  /** Records that a file is too large for a reader. */
  refuse(reader: Reader, row: number, file: FileEntry): void {
    const detail = `${file.sizeBytes} bytes (limit ${reader.maxBytes})`;
    this.#add(reader, row, diagnosticOf(reader, file, new ReadError('too_large', detail)));
  }

  finish(): Record<string, readonly OfFile<Fact>[]> {
    return Object.fromEntries(this.#facts);
  }

  #add(reader: Reader, row: number, fact: Fact): void {
    this.#count += 1;
    this.#facts.get(reader.id)?.push([row, fact]);
  }
}

function diagnosticOf(reader: Reader, file: FileEntry, error: unknown): DiagnosticFact {
  const reason = error instanceof ReadError ? error.reason : 'crashed';
  const detail = error instanceof Error ? error.message : 'unknown error';
  return { kind: 'diagnostic', path: file.path, reader: reader.id, reason, detail };
}
