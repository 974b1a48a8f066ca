/** Files of the merged views of two reports: added, removed, changed, moved, or not comparable. */
import type {
  FileDifference,
  Incomparability,
  InspectionReport,
  MovedFile,
  PlacedFile,
  ReportDifference,
} from '@lazaret/protocol';

import { ordinals, partialCoverage, structuralGaps } from './comparability.ts';

export interface FileComparison {
  readonly files: ReportDifference['files'];
  readonly notComparable: readonly Incomparability[];
}

/** Linear in both, except for sorting. */
export function compareFiles(before: InspectionReport, after: InspectionReport): FileComparison {
  if (before.files === undefined || after.files === undefined) {
    return { files: undefined, notComparable: notRecorded(before, after) };
  }
  const first = visibleByPath(before.files);
  const second = visibleByPath(after.files);
  const removed = missingFrom(first, second);
  const added = missingFrom(second, first);
  const moved = findMoved(removed, added);
  const from = new Set(moved.map((one) => one.from));
  const to = new Set(moved.map((one) => one.to));
  const gone = separate(
    removed.filter(({ path }) => !from.has(path)),
    second,
    structuralGaps(after),
  );
  const fresh = separate(
    added.filter(({ path }) => !to.has(path)),
    first,
    structuralGaps(before),
  );
  const changed = [...second.values()].flatMap((file) => {
    const old = first.get(file.path);
    const fields = old === undefined ? [] : changedFields(old, file);
    return fields.length === 0 ? [] : [{ path: file.path, fields }];
  });
  return {
    files: {
      added: fresh.comparable,
      removed: gone.comparable,
      changed: byPath(changed),
      moved,
      notComparable: { before: gone.notComparable, after: fresh.notComparable },
    },
    notComparable: [
      ...(fresh.notComparable.length === 0 ? [] : [partialCoverage('files', 'before')]),
      ...(gone.notComparable.length === 0 ? [] : [partialCoverage('files', 'after')]),
    ],
  };
}

/** One report lists its files, the other does not. */
function notRecorded(before: InspectionReport, after: InspectionReport): Incomparability[] {
  if (before.files === undefined && after.files === undefined) return [];
  const side = before.files === undefined ? 'before' : 'after';
  const detail = `the report of the ${ordinals[side]} image does not list files`;
  return [{ part: 'files', reason: 'not_recorded', detail }];
}

type FileMap = ReadonlyMap<string, PlacedFile>;

function visibleByPath(files: readonly PlacedFile[]): FileMap {
  return new Map(
    files.filter(({ hiddenBy }) => hiddenBy === undefined).map((file) => [file.path, file]),
  );
}

function missingFrom(files: FileMap, other: FileMap): PlacedFile[] {
  return [...files.values()].filter(({ path }) => !other.has(path));
}

/** Files of the same content, if it was removed once and added once. */
function findMoved(removed: readonly PlacedFile[], added: readonly PlacedFile[]): MovedFile[] {
  const origins = byContent(removed);
  return [...byContent(added)]
    .flatMap(([sha256, [target, ...others]]) => {
      const [origin, ...rest] = origins.get(sha256) ?? [];
      if (origin === undefined || target === undefined || others.length + rest.length > 0)
        return [];
      return [{ from: origin.path, to: target.path }];
    })
    .toSorted((a, b) => (a.to < b.to ? -1 : 1));
}

function byContent(files: readonly PlacedFile[]): ReadonlyMap<string, readonly PlacedFile[]> {
  const contents = new Map<string, PlacedFile[]>();
  for (const file of files) {
    if (file.type !== 'file' || file.sha256 === undefined || file.sizeBytes === 0) continue;
    contents.set(file.sha256, [...(contents.get(file.sha256) ?? []), file]);
  }
  return contents;
}

/** Splits by the gaps of the other image, and names the directory that is missing there. */
function separate(
  files: readonly PlacedFile[],
  other: FileMap,
  gaps: ReturnType<typeof structuralGaps>,
): { readonly comparable: FileDifference[]; readonly notComparable: FileDifference[] } {
  const known = new Set([...other.keys()].flatMap((path) => [path, ...parentsOf(path)]));
  const [comparable, notComparable]: [FileDifference[], FileDifference[]] = [[], []];
  for (const { path, type } of files) {
    const parents = type === 'directory' ? [...parentsOf(path), path] : parentsOf(path);
    const directory = parents.find((parent) => !known.has(parent));
    const difference = { path, ...(directory === undefined ? {} : { directory }) };
    (gaps.covers(path) ? notComparable : comparable).push(difference);
  }
  return { comparable: byPath(comparable), notComparable: byPath(notComparable) };
}

/** The topmost first. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    parents.push(path.slice(0, end));
  }
  return parents;
}

/** Times are ignored: builds change them without changing anything else. */
function changedFields(before: PlacedFile, after: PlacedFile): string[] {
  const sameContent =
    before.sha256 === undefined || after.sha256 === undefined
      ? before.sizeBytes === after.sizeBytes
      : before.sha256 === after.sha256;
  return [
    ...(before.type === after.type ? [] : ['type']),
    ...(sameContent ? [] : ['content']),
    ...(before.mode === after.mode ? [] : ['mode']),
    ...(before.uid === after.uid && before.gid === after.gid ? [] : ['owner']),
    ...(before.linkPath === after.linkPath ? [] : ['link']),
    ...(before.capabilities === after.capabilities ? [] : ['capabilities']),
  ];
}

function byPath(list: readonly FileDifference[]): FileDifference[] {
  return list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
