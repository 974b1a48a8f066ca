/**
 * Locates the records of the layers of an image: which layer a record is in, whether a later layer
 * hides it, and which hard links repeat it.
 */
import type { Fact, FileRow, Gap } from '@lazaret/protocol';

import { mergeLayers } from '../../tree/merge-layers.ts';
import type { MergeOptions, MergedTree, VisibleFile } from '../../tree/merge-layers.ts';
import type { MemberRow, OfFile, RecordedFinding, TreeRecord } from '../walk/tree-record.ts';

/** The records of the layers, lowest first; undefined for an unreadable layer. */
export type LayerRecords = readonly (TreeRecord | undefined)[];

export interface Placed<T> {
  readonly value: T;
  readonly layer: number;
  readonly hiddenBy: number | undefined;
  /** The file of the record; undefined when it is not about a single file. */
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

/** The scanner id of findings about the structure of a tree. */
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
    const others = links.size === 0 ? undefined : links.get(key(layer, row));
    if (others === undefined) return [own];
    return [own, ...others.map((link) => atLink({ value, file, link, records }))];
  };
  const placed: Collected = { facts: [], findings: [], members: [], gaps: [] };
  for (const [layer, record] of records.entries()) {
    if (record === undefined) continue;
    for (const list of Object.values(record.facts)) {
      for (const each of list) placed.facts.push(...place(layer, each));
    }
    for (const each of record.members ?? []) placed.members.push(...place(layer, each));
    for (const { finding, ...by } of findingsOf(record)) {
      for (const at of place(layer, finding)) placed.findings.push({ ...at, ...by });
    }
    for (const gap of gapsOf(record)) placed.gaps.push({ ...gap, layer });
  }
  for (const { layer, detail } of merged.gaps) {
    placed.gaps.push({ by: 'layer', reason: 'damaged', detail, layer });
  }
  return { merged, ...placed };
}

interface Collected {
  readonly facts: Placed<Fact>[];
  readonly findings: PlacedRecords['findings'][number][];
  readonly members: Placed<MemberRow>[];
  readonly gaps: Gap[];
}

interface FoundBy {
  readonly scanner: string;
  readonly signatures: string;
}

function* findingsOf(
  record: TreeRecord,
): Generator<FoundBy & { readonly finding: OfFile<RecordedFinding> }> {
  for (const [scanner, { signatures, findings }] of Object.entries(record.scans)) {
    for (const finding of findings) yield { scanner, signatures, finding };
  }
  const by = { scanner: structureScanner, signatures: structureSignatures };
  for (const finding of record.structure) yield { ...by, finding };
}

function gapsOf(record: TreeRecord): Gap[] {
  const ofScans = Object.values(record.scans).flatMap(({ gaps }) => gaps.map(([, gap]) => gap));
  return [...ofScans, ...record.gaps];
}

export interface HiddenFile {
  readonly layer: number;
  readonly hiddenBy: number;
  readonly file: FileRow;
}

/** Files hidden by later layers, by layer; without whiteouts. */
export function* hiddenFiles(records: LayerRecords, merged: MergedTree): Generator<HiddenFile> {
  for (const [layer, record] of records.entries()) {
    for (const [row, file] of (record?.files ?? []).entries()) {
      const hiddenBy = merged.hiddenBy(layer, row);
      if (hiddenBy === undefined || merged.isMark(layer, row)) continue;
      yield { layer, hiddenBy, file };
    }
  }
}

/** Visible hard links by the location of their content. */
function hardLinks(merged: MergedTree, records: LayerRecords): Map<string, VisibleFile[]> {
  const links = new Map<string, VisibleFile[]>();
  if (!merged.hasHardLinks) return links;
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

/** The same record under the path of a hard link, with its `!/` parts. */
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
