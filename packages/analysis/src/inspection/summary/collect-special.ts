/** Files that are notable for their type or mode, whatever their content. */
import type { FileRow, InspectionReport } from '@lazaret/protocol';

import type { MergedTree } from '../../tree/merge-layers.ts';
import { hiddenFiles } from './place-records.ts';
import type { LayerRecords } from './place-records.ts';

type Special = InspectionReport['special'][number];

/** From both views: the merged view by path, then hidden files by layer. */
export function collectSpecial(records: LayerRecords, merged: MergedTree): Special[] {
  const special: Special[] = [];
  for (const { path, layer, row } of merged.files()) {
    const file = records[layer]?.files[row];
    if (file === undefined) continue;
    const reasons = findReasons(file);
    if (reasons.length > 0) special.push({ ...file, path, layer, reasons: [...reasons] });
  }
  for (const { file, ...place } of hiddenFiles(records, merged)) {
    const reasons = findReasons(file);
    if (reasons.length > 0) special.push({ ...file, ...place, reasons: [...reasons] });
  }
  return special;
}

const setuid = 0o4000;
const setgid = 0o2000;
const sticky = 0o1000;
const othersWrite = 0o002;

const none: readonly string[] = [];

function findReasons(file: FileRow): readonly string[] {
  const { type, mode, capabilities } = file;
  const isFile = type === 'file' || type === 'hardlink';
  const isRisky = isFile && (mode & (setuid | setgid | othersWrite)) !== 0;
  // Fast path for nearly all files, of which there may be a million.
  if (isFile && !isRisky && capabilities === undefined) return none;
  const reasons = isRisky ? riskyModes(mode) : [];
  if (capabilities !== undefined) reasons.push('capabilities');
  if (type === 'directory' && (mode & (othersWrite | sticky)) === othersWrite) {
    reasons.push('world-writable');
  }
  if (type === 'block-device' || type === 'character-device') reasons.push('device');
  return reasons;
}

function riskyModes(mode: number): string[] {
  const named: readonly [number, string][] = [
    [setuid, 'setuid'],
    [setgid, 'setgid'],
    [othersWrite, 'world-writable'],
  ];
  return named.filter(([bit]) => (mode & bit) !== 0).map(([, name]) => name);
}
