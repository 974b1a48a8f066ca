/**
 * Puts the records of an image's layers into their places: which layer a thing is in, whether a
 * later one hides it, and where hard links show it again.
 */
import type { Fact, FileRow, Gap } from '@lazaret/protocol';

import { mergeLayers } from '../tree/merge-layers.ts';
import type { MergeOptions, MergedTree, VisibleFile } from '../tree/merge-layers.ts';
import type { MemberRow, OfFile, RecordedFinding, TreeRecord } from './tree-record.ts';

/** The records of a tree's layers, lowest first; undefined for one that could not be read. */
export type LayerRecords = readonly (TreeRecord | undefined)[];

export interface Placed<T> {
  readonly value: T;
  readonly layer: number;
  readonly hiddenBy: number | undefined;
  /** The file that it is about; undefined when it is about no single file. */
  readonly file: FileRow | undefined;
}

export interface PlacedRecords {
  readonly merged: MergedTree;
  readonly facts: readonly Placed<Fact>[];
  readonly findings: readonly (Placed<RecordedFinding> & {
    readonly scanner: string;
    readonly signatures: string;
  })[];
  readonly members: readonly Placed<MemberRow>[];
  readonly gaps: readonly Gap[];
}

/** The scanner of findings about how a tree is built. */
const structureScanner = 'structure';
const structureSignatures = '1';

export function placeRecords(records: LayerRecords, options: MergeOptions): PlacedRecords {
  const rows = records.map((record) => record?.files ?? []);
  const merged = mergeLayers(rows, options);
  const links = hardLinks(merged, records);
  const place = <T extends { readonly path?: string | undefined }>(
    layer: number,
    [row, value]: OfFile<T>,
  ): Placed<T>[] => {
    const file = records[layer]?.files[row];
    const own = { value, layer, hiddenBy: row < 0 ? undefined : merged.hiddenBy(layer, row), file };
    const others = links.get(key(layer, row)) ?? [];
    return [own, ...others.map((link) => atLink({ value, file, link, records }))];
  };
  const facts: Placed<Fact>[] = [];
  const findings: PlacedRecords['findings'][number][] = [];
  const members: Placed<MemberRow>[] = [];
  const gaps: Gap[] = [];
  for (const [layer, record] of records.entries()) {
    if (record === undefined) continue;
    for (const list of Object.values(record.facts)) {
      for (const each of list) facts.push(...place(layer, each));
    }
    for (const each of record.members ?? []) members.push(...place(layer, each));
    for (const [scanner, scan] of Object.entries(record.scans)) {
      const { signatures } = scan;
      for (const each of scan.findings) {
        for (const at of place(layer, each)) findings.push({ ...at, scanner, signatures });
      }
      for (const [, gap] of scan.gaps) gaps.push({ ...gap, layer });
    }
    for (const each of record.structure) {
      const common = { scanner: structureScanner, signatures: structureSignatures };
      for (const at of place(layer, each)) findings.push({ ...at, ...common });
    }
    for (const gap of record.gaps) gaps.push({ ...gap, layer });
  }
  for (const { layer, detail } of merged.gaps) {
    gaps.push({ by: 'layer', reason: 'damaged', detail, layer });
  }
  return { merged, facts, findings, members, gaps };
}

/** Visible hard links by the place of the content that they show. */
function hardLinks(merged: MergedTree, records: LayerRecords): Map<string, VisibleFile[]> {
  const links = new Map<string, VisibleFile[]>();
  for (const file of merged.files()) {
    if (records[file.layer]?.files[file.row]?.type !== 'hardlink') continue;
    const at = key(file.content.layer, file.content.row);
    const list = links.get(at);
    if (list === undefined) links.set(at, [file]);
    else list.push(file);
  }
  return links;
}

interface AtLink<T> {
  readonly value: T;
  readonly file: FileRow | undefined;
  readonly link: VisibleFile;
  readonly records: LayerRecords;
}

/** The same thing under the path of a hard link, `!/` parts kept. */
function atLink<T extends { readonly path?: string | undefined }>({
  value,
  file,
  link,
  records,
}: AtLink<T>): Placed<T> {
  const own = file?.path;
  const inside =
    own !== undefined && value.path?.startsWith(`${own}!/`) === true
      ? value.path.slice(own.length)
      : '';
  return {
    value: { ...value, path: `${link.path}${inside}` },
    layer: link.layer,
    hiddenBy: undefined,
    file: records[link.layer]?.files[link.row],
  };
}

function key(layer: number, row: number): string {
  return `${layer}:${row}`;
}
