/** Runs readers over one file; whatever one of them does, the others and the walk go on. */
import type { Fact, UnknownFact } from '@lazaret/protocol';

import { ReadError } from '../../inventory/reader.ts';
import type { Reader, WholeFile } from '../../inventory/reader.ts';
import type { FileEntry } from '../../tree/file-tree.ts';
import { inspectionLimits } from './limits.ts';
import type { OfFile } from './tree-record.ts';

/** Facts by reader, as a walk gathers them. */
export class FactSheet {
  readonly #facts: Map<string, OfFile<Fact>[]>;
  #count = 0;

  constructor(readers: readonly Reader[]) {
    this.#facts = new Map(readers.map(({ id }) => [id, []]));
  }

  /** Gives a file to a reader. */
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
      this.#add(reader, row, unknown(reader, file, error));
    }
  }

  /** A file that is too large for a reader. */
  refuse(reader: Reader, row: number, file: FileEntry): void {
    const detail = `${file.sizeBytes} bytes, at most ${reader.maxBytes} are read`;
    this.#add(reader, row, unknown(reader, file, new ReadError('too_large', detail)));
  }

  finish(): Record<string, readonly OfFile<Fact>[]> {
    return Object.fromEntries(this.#facts);
  }

  #add(reader: Reader, row: number, fact: Fact): void {
    this.#count += 1;
    this.#facts.get(reader.id)?.push([row, fact]);
  }
}

function unknown(reader: Reader, file: FileEntry, error: unknown): UnknownFact {
  const reason = error instanceof ReadError ? error.reason : 'crashed';
  const detail = error instanceof Error ? error.message : 'it threw something that is no error';
  return { kind: 'unknown', path: file.path, reader: reader.id, reason, detail };
}
