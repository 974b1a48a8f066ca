/** Differences as rows: removed first, then changed, then added. */
import type { FileDifference, PackageDifference, ReportDifference } from '@lazaret/protocol';

export interface Change {
  readonly change: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly kind?: string;
  readonly detail: string;
}

const order = ['removed', 'changed', 'added'] as const;

export function packageChanges(packages: ReportDifference['packages']): Change[] {
  return order.flatMap((change) =>
    packages[change].map((difference) => ({
      change,
      name: difference.name,
      kind: difference.type,
      detail: versionText(difference),
    })),
  );
}

export function fileChanges(files: NonNullable<ReportDifference['files']>): Change[] {
  return order.flatMap((change) =>
    files[change].map(({ path, fields = [] }: FileDifference) => ({
      change,
      name: path,
      detail: fields.join(', '),
    })),
  );
}

function versionText({ before, after }: PackageDifference): string {
  return [before.join(', '), after.join(', ')].filter((versions) => versions !== '').join(' → ');
}
