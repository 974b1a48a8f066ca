/** Files that deserve a look for what they are, whatever they hold. */
import type { FileRow, InspectionReport } from '@lazaret/protocol';

import type { MergedTree } from '../tree/merge-layers.ts';
import type { LayerRecords } from './place-records.ts';

type Special = InspectionReport['special'][number];

/** From both views, the merged one first by path, then what is hidden by layer. */
export function collectSpecial(records: LayerRecords, merged: MergedTree): Special[] {
  const special: Special[] = [];
  for (const { path, layer, row } of merged.files()) {
    const file = records[layer]?.files[row];
    if (file === undefined) continue;
    const because = reasons(file);
    if (because.length > 0) special.push({ ...file, path, layer, because });
  }
  for (const [layer, record] of records.entries()) {
    for (const [row, file] of (record?.files ?? []).entries()) {
      const hiddenBy = merged.hiddenBy(layer, row);
      if (hiddenBy === undefined) continue;
      const because = reasons(file);
      if (because.length > 0) special.push({ ...file, layer, hiddenBy, because });
    }
  }
  return special;
}

const setuid = 0o4000;
const setgid = 0o2000;
const sticky = 0o1000;
const othersWrite = 0o002;

function reasons({ type, mode, capabilities }: FileRow): string[] {
  const because: string[] = [];
  const isFile = type === 'file' || type === 'hardlink';
  if (isFile && (mode & setuid) !== 0) because.push('setuid');
  if (isFile && (mode & setgid) !== 0) because.push('setgid');
  if (capabilities !== undefined) because.push('capabilities');
  if (isFile && (mode & othersWrite) !== 0) because.push('world-writable');
  if (type === 'directory' && (mode & othersWrite) !== 0 && (mode & sticky) === 0) {
    because.push('world-writable');
  }
  if (type === 'block-device' || type === 'character-device') because.push('device');
  return because;
}
