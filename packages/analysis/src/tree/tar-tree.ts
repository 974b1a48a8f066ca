/** A tar archive as a file tree: an image layer, the export of a container. */
import { limits } from '@lazaret/protocol';

import { readTar } from '../archive/read-tar.ts';
import { TarError } from '../archive/tar-entry.ts';
import type { HiddenBytes, TarEntry } from '../archive/tar-entry.ts';
import { analysisLimits } from '../limits.ts';
import type { FileTree, TreeFile } from './file-tree.ts';
import { treeLimits } from './limits.ts';
import { bytePath, normalizePath, ociLimits } from '@lazaret/oci';

export interface TarTreeOptions {
  /** Maximum size of the archive; `layerTarBytes` unless given. */
  readonly totalBytes?: number;
  readonly entries?: number;
  /** Called for a name or hard link that leads above the root, as written. */
  readonly onEscape?: (written: string) => void;
  /** Called for bytes where an archive should have no content. */
  readonly onHidden?: (hidden: HiddenBytes) => void;
}

/**
 * The members of an archive in order, including duplicates and whiteouts, with normalized paths.
 * Walks once. Throws TarError.
 */
export function tarTree(
  stream: AsyncIterable<Uint8Array>,
  { totalBytes, entries, onEscape, onHidden }: TarTreeOptions = {},
): FileTree {
  const place = (written: string): string => {
    const { path, escaped } = normalizePath(written);
    if (escaped) onEscape?.(written);
    return path;
  };
  return {
    async *walk() {
      const bounds = {
        entries: entries ?? analysisLimits.layerEntries,
        totalBytes: totalBytes ?? analysisLimits.layerTarBytes,
        entryBytes: treeLimits.layerFileBytes,
        pathBytes: limits.pathBytes,
        paxBytes: ociLimits.tarHeaderBytesMax,
        dialect: 'docker' as const,
        ...(onHidden !== undefined && { onHidden }),
      };
      let nameChars = 0;
      for await (const entry of readTar(stream, bounds)) {
        nameChars += entry.path.length + entry.linkPath.length;
        if (nameChars > treeLimits.layerNameChars) {
          const message = `the names have more than ${treeLimits.layerNameChars} characters in total`;
          throw new TarError('too_many_entries', 0, message);
        }
        yield treeFile(entry, place);
      }
    },
  };
}

function treeFile(entry: TarEntry, place: (written: string) => string): TreeFile {
  const { rawPath, type, mode, uid, gid, sizeBytes, mtimeMs, rawLinkPath } = entry;
  const path = rawPath === undefined ? entry.path : bytePath(rawPath);
  const linkPath = rawLinkPath === undefined ? entry.linkPath : bytePath(rawLinkPath);
  return {
    path: place(path),
    ...(rawPath !== undefined && { rawPath }),
    type,
    mode,
    uid,
    gid,
    sizeBytes,
    mtimeMs,
    ...(type === 'symlink' && { linkPath }),
    ...(type === 'hardlink' && { linkPath: place(linkPath) }),
    ...(entry.device !== undefined && { device: entry.device }),
    ...(entry.xattrs.size > 0 && { xattrs: entry.xattrs }),
    content: entry.content,
  };
}
