/** Finds the readers that want a file, by table lookups: most files have none. */
import type { Reader } from '../../inventory/reader.ts';
import type { FileEntry } from '../../tree/file-tree.ts';
import { baseName, parentPath } from '@lazaret/oci';

/** The readers that want the file, each once, in the order of the table. */
export type SelectReaders = (file: FileEntry, head: Buffer) => readonly Reader[];

type Table = Map<string, Reader[]>;

interface Magic {
  readonly bytes: Buffer;
  readonly reader: Reader;
}

const none: readonly Reader[] = [];

export function selectReaders(readers: readonly Reader[]): SelectReaders {
  const names: Table = new Map();
  const endings: Table = new Map();
  const parents: Table = new Map();
  const magics = new Map<number, Magic[]>();
  for (const reader of readers) {
    for (const name of reader.wants.names ?? []) add(names, name, reader);
    for (const ending of reader.wants.endings ?? []) add(endings, ending.toLowerCase(), reader);
    for (const parent of reader.wants.parents ?? []) add(parents, parent, reader);
    for (const magic of reader.wants.magic ?? []) {
      const bytes = Buffer.from(magic, 'latin1');
      const key = bytes.readUInt16LE(0);
      magics.set(key, [...(magics.get(key) ?? []), { bytes, reader }]);
    }
  }
  const order = new Map(readers.map((reader, index) => [reader, index]));

  return (file, head) => {
    const found: Reader[] = [];
    const base = baseName(file.path);
    found.push(...(names.get(base) ?? none), ...byEnding(endings, base));
    if (parents.size > 0) found.push(...(parents.get(baseName(parentPath(file.path))) ?? none));
    if (head.length >= 2) {
      for (const { bytes, reader } of magics.get(head.readUInt16LE(0)) ?? []) {
        if (head.subarray(0, bytes.length).equals(bytes)) found.push(reader);
      }
    }
    if (found.length === 0) return none;
    return [...new Set(found)]
      .filter((reader) => reader.accepts?.(file) ?? true)
      .toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  };
}

function add(table: Table, key: string, reader: Reader): void {
  const list = table.get(key);
  if (list === undefined) table.set(key, [reader]);
  else list.push(reader);
}

/** `.deps.json` and `.json` of `app.deps.json`: every suffix that starts with a dot. */
function byEnding(endings: Table, base: string): readonly Reader[] {
  let found: readonly Reader[] = none;
  // Bounds the work for names with many dots.
  let left = 8;
  for (let at = base.lastIndexOf('.'); at >= 0 && left > 0; at = base.lastIndexOf('.', at - 1)) {
    const some = endings.get(base.slice(at).toLowerCase());
    if (some !== undefined) found = [...found, ...some];
    left -= 1;
    if (at === 0) break;
  }
  return found;
}
