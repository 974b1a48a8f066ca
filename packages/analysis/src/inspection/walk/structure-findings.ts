/** What is odd about an entry of a layer itself, whatever its content. */
import type { FileEntry } from '../../tree/file-tree.ts';
import { baseName } from '@lazaret/oci';
import { isDeviceWhiteout } from '../../tree/whiteout.ts';
import type { RecordedFinding } from './tree-record.ts';

const none: readonly RecordedFinding[] = [];

export function structureFindings(file: FileEntry): readonly RecordedFinding[] {
  if (isDeviceWhiteout(file)) {
    const title = 'A device 0:0 hides a file below it as overlayfs does it; image layers must not';
    return [structureFinding('overlay-whiteout', title, file.path)];
  }
  if (file.path.endsWith('.wh.') && baseName(file.path) === '.wh.') {
    const title = 'A whiteout without a name hides nothing; some tools let it hide a directory';
    return [structureFinding('bare-whiteout', title, file.path)];
  }
  if (file.type === 'unknown') {
    const title =
      'An entry of a type that container engines refuse; some tools unpack it as a file';
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
