/**
 * Whiteouts: entries of a layer that hide files of lower layers.
 * Source: OCI image specification 1.1, "Image Layer Filesystem Changeset".
 */
import type { FileEntry } from './file-tree.ts';
import { baseName, joinPath, parentPath } from '@lazaret/oci';

export type Whiteout =
  /** Hides this path, and all below it. */
  | { readonly kind: 'name'; readonly path: string }
  /** Hides everything that lower layers have in this directory. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** Metadata of aufs: hides nothing and is not a file of the image. */
  | { readonly kind: 'aufs-metadata' };

const prefix = '.wh.';
const metaPrefix = '.wh..wh.';
const opaqueName = '.wh..wh..opq';

/**
 * What an entry of a layer hides; undefined for a regular entry. A bare `.wh.` is a regular file:
 * as a whiteout it would hide its whole directory.
 */
export function whiteoutOf(
  file: Pick<FileEntry, 'path' | 'type' | 'device'>,
): Whiteout | undefined {
  if (isDeviceWhiteout(file)) return { kind: 'name', path: file.path };
  // Checked before the path is split, because this runs for every entry.
  if (!file.path.includes(prefix)) return undefined;
  const name = baseName(file.path);
  // At the root with everything below, as Docker ignores them too.
  if (file.path.startsWith(metaPrefix) && name !== opaqueName) return { kind: 'aufs-metadata' };
  if (!name.startsWith(prefix) || name === prefix) return undefined;
  const parent = parentPath(file.path);
  if (name === opaqueName) return { kind: 'opaque', path: parent };
  if (name.startsWith(metaPrefix)) return { kind: 'aufs-metadata' };
  const hidden = name.slice(prefix.length);
  // `.wh...` would hide the parent directory: not a valid name, so nothing is hidden.
  if (hidden === '.' || hidden === '..') return undefined;
  return { kind: 'name', path: joinPath(parent, hidden) };
}

/** overlayfs stores whiteouts as character devices 0:0. */
export function isDeviceWhiteout({ type, device }: Pick<FileEntry, 'type' | 'device'>): boolean {
  return type === 'character-device' && device?.major === 0 && device.minor === 0;
}
