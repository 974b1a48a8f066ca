/** The ecosystems as plain data, for programs. */
import type { Ecosystem, EcosystemGroup, UnreadFile, Yields } from './ecosystem.ts';
import { ecosystems } from './ecosystems.ts';

export interface ListedEcosystem {
  readonly name: string;
  readonly title: string;
  readonly group: EcosystemGroup;
  readonly readers: readonly ListedReader[];
  readonly notRead: readonly Omit<UnreadFile, 'example'>[];
  readonly gaps: readonly string[];
}

export interface ListedReader {
  readonly id: string;
  /** Increased when the same file may yield other facts. */
  readonly version: number;
  readonly summary: string;
  readonly maxBytes: number;
  readonly files: readonly ListedFile[];
  readonly notRead: readonly Omit<UnreadFile, 'example'>[];
  readonly yields: Yields;
}

export interface ListedFile {
  readonly pattern: string;
  /** Format of the content that is required too. */
  readonly content?: string;
  /** The only package that the file can be. */
  readonly package?: string;
}

/** What the inventory reads of each ecosystem, in the order in which it is read. */
export function listEcosystems(): ListedEcosystem[] {
  return ecosystems.map(listEcosystem);
}

function listEcosystem({ name, title, group, readers, unread, gaps }: Ecosystem): ListedEcosystem {
  return {
    ...{ name, title, group },
    readers: readers.map(({ reader, summary, files, except = [], yields }) => ({
      ...{ id: reader.id, version: reader.version, summary, maxBytes: reader.maxBytes },
      files: files.map(({ pattern, content, package: only }) => ({
        pattern,
        ...(content !== undefined && { content: content.format }),
        ...(only !== undefined && { package: only }),
      })),
      notRead: except.map(withoutExample),
      yields,
    })),
    notRead: unread.map(withoutExample),
    gaps,
  };
}

function withoutExample({ pattern, reason }: UnreadFile): Omit<UnreadFile, 'example'> {
  return { pattern, reason };
}
