/** Differences as rows: removed first, then changed, moved, added, and not comparable. */
import {
  type FileDifference,
  groupByDirectory,
  type PackageDifference,
  plural,
  type ReportDifference,
} from '@lazaret/protocol';

export interface Change {
  readonly change: 'added' | 'removed' | 'changed' | 'moved' | 'only_before' | 'only_after';
  readonly name: string;
  readonly kind?: string;
  readonly detail: string;
  /** Paths of a directory that was added or removed as a whole. */
  readonly entries?: readonly string[];
}

export function packageChanges(packages: ReportDifference['packages']): Change[] {
  const rows = (change: Change['change'], list: readonly PackageDifference[]): Change[] =>
    list.map((difference) => ({
      change,
      name: difference.name,
      kind: difference.type,
      detail: versionText(difference),
    }));
  return [
    ...rows('removed', packages.removed),
    ...rows('changed', packages.changed),
    ...packages.moved.map(({ type, name, from, to }) => ({
      change: 'moved' as const,
      name,
      kind: type,
      detail: `${from.join(', ')} → ${to.join(', ')}`,
    })),
    ...rows('added', packages.added),
    ...rows('only_before', packages.notComparable.before),
    ...rows('only_after', packages.notComparable.after),
  ];
}

export function fileChanges(files: NonNullable<ReportDifference['files']>): Change[] {
  return [
    ...fileRows('removed', files.removed),
    ...fileRows('changed', files.changed),
    ...files.moved.map(({ from, to }) => ({ change: 'moved' as const, name: to, detail: from })),
    ...fileRows('added', files.added),
    ...fileRows('only_before', files.notComparable.before),
    ...fileRows('only_after', files.notComparable.after),
  ];
}

function fileRows(change: Change['change'], files: readonly FileDifference[]): Change[] {
  return groupByDirectory(files).map(({ path, entries, fields = [] }) =>
    entries === undefined
      ? { change, name: path, detail: fields.join(', ') }
      : {
          change,
          name: `${path}/`,
          detail: plural(entries.length, 'file'),
          entries: entries.map((entry) => entry.path),
        },
  );
}

function versionText({ before, after }: PackageDifference): string {
  return [before.join(', '), after.join(', ')].filter((versions) => versions !== '').join(' → ');
}
