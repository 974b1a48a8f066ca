/** Findings about an entry of a layer itself, whatever its content. */
import type { FileEntry } from '../../tree/file-tree.ts';
import { baseName } from '@lazaret/oci';
import { isDeviceWhiteout } from '../../tree/whiteout.ts';
import type { RecordedFinding } from './tree-record.ts';

const none: readonly RecordedFinding[] = [];

export function structureFindings(file: FileEntry): readonly RecordedFinding[] {
  if (isDeviceWhiteout(file)) {
    const title =
      'A device 0:0 hides a file in a lower layer like overlayfs, which is invalid in image layers';
    return [structureFinding('overlay-whiteout', title, file.path)];
  }
  if (file.path.endsWith('.wh.') && baseName(file.path) === '.wh.') {
    const title = 'A whiteout without a name hides nothing, but some tools hide its directory';
    return [structureFinding('bare-whiteout', title, file.path)];
  }
  if (file.type === 'unknown') {
    const title =
      'An entry with a type that container engines refuse, but some tools unpack as a file';
    return [structureFinding('unknown-type', title, file.path)];
  }
  return none;
}

export function structureFinding(rule: string, title: string, path?: string): RecordedFinding {
  return {
    class: 'structure',
    severity: 'medium',
    ...{ rule, title },
    ...(path !== undefined && { path }),
  };
}
