import { operations, type PackageDisagreement } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { usePages } from '../../data.ts';
import { useImagePage } from './use-image-page.ts';

const pageItems = 100;

const columns: readonly Column<PackageDisagreement>[] = [
  {
    label: 'Package',
    cell: ({ type, package: name, architecture }) => (
      <div>
        <strong className="break">
          <PlainText>{name}</PlainText>
        </strong>
        <div className="dim small">
          <PlainText>{architecture === null ? type : `${type}, ${architecture}`}</PlainText>
        </div>
      </div>
    ),
  },
  { label: 'Listed by the image', cell: ({ inside }) => <Version value={inside} /> },
  { label: 'In the inventory', cell: ({ static: found }) => <Version value={found} /> },
  { label: 'Script', cell: ({ script }) => <PlainText>{script}</PlainText> },
];

/**
 * Packages that scripts inside the image and its inspection list differently. Nothing is shown when
 * there are none: most images are not visited by scripts.
 */
export function DisagreementsSection(): ReactNode {
  const { digest, inProject } = useImagePage();
  const { query, items } = usePages(
    ['scripts.disagreements', digest, inProject],
    (cursor, signal) =>
      client.call(
        operations.scripts.disagreements,
        { params: { digest }, query: { ...inProject, ...cursor, limit: pageItems } },
        { signal },
      ),
  );
  if (query.isSuccess && items.length === 0) return null;
  return (
    <section className="section" aria-label="Package disagreements">
      <h3>Packages that the image lists differently</h3>
      <p className="padded dim">
        Scripts listed the packages from inside the image. A difference means that files were
        changed by hand, that a program of the image lies, or that a package database is not read
        completely.
      </p>
      <QueryView query={query} rows={2}>
        {() => (
          <>
            <DataTable
              label="Package disagreements"
              columns={columns}
              rows={items}
              rowKey={({ script, type, package: name, architecture, inside, static: found }) =>
                [script, type, name, architecture, inside, found].join('\n')
              }
            />
            <LoadMoreButton query={query}>Load more packages</LoadMoreButton>
          </>
        )}
      </QueryView>
    </section>
  );
}

function Version({ value }: { readonly value: string | null }): ReactNode {
  if (value === null) return <span className="dim">missing</span>;
  return (
    <span className="mono break">
      <PlainText>{value}</PlainText>
    </span>
  );
}
