/**
 * Marks in a layer that hide what lower layers hold.
 * Source: OCI image specification 1.1, "Image Layer Filesystem Changeset".
 */
import type { FileEntry } from './file-tree.ts';
import { baseName, joinPath, parentPath } from '@lazaret/oci';

export type Whiteout =
  /** Hides this path, and all below it. */
  | { readonly kind: 'name'; readonly path: string }
  /** Hides all that lower layers hold in this directory. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** Bookkeeping of aufs: hides nothing and is no file of the image. */
  | { readonly kind: 'bookkeeping' };

const prefix = '.wh.';
const metaPrefix = '.wh..wh.';
const opaqueName = '.wh..wh..opq';

/**
 * What an entry of a layer hides; undefined for an ordinary one. A bare `.wh.` names nothing and is
 * an ordinary file: read as a whiteout it would erase its whole directory.
 */
export function whiteoutOf(
  file: Pick<FileEntry, 'path' | 'type' | 'device'>,
): Whiteout | undefined {
  if (isDeviceWhiteout(file)) return { kind: 'name', path: file.path };
  // Looked for before the path is cut: this runs for every entry.
  if (!file.path.includes(prefix)) return undefined;
  const name = baseName(file.path);
  // Of a whole directory of them at the root, as Docker passes them over too.
  if (file.path.startsWith(metaPrefix) && name !== opaqueName) return { kind: 'bookkeeping' };
  if (!name.startsWith(prefix) || name === prefix) return undefined;
  const parent = parentPath(file.path);
  if (name === opaqueName) return { kind: 'opaque', path: parent };
  if (name.startsWith(metaPrefix)) return { kind: 'bookkeeping' };
  const hidden = name.slice(prefix.length);
  // `.wh...` would hide the directory above: no name at all, so hidden is nothing.
  if (hidden === '.' || hidden === '..') return undefined;
  return { kind: 'name', path: joinPath(parent, hidden) };
}

/** A character device 0:0 is how overlayfs itself keeps whiteouts. */
export function isDeviceWhiteout({ type, device }: Pick<FileEntry, 'type' | 'device'>): boolean {
  return type === 'character-device' && device?.major === 0 && device.minor === 0;
}
