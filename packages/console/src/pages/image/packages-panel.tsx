import { MultiSelect, Switch } from '@mantine/core';
import { operations, packageType, type PlacedPackage, escapeInvisible } from '@lazaret/protocol';
import { IconPackageOff, IconSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { FileLink, LayerTag } from './location.tsx';
import { listOf } from './search.ts';
import { useImagePage } from './use-image-page.ts';

const pageItems = 100;

const sourceLabels: Readonly<Record<PlacedPackage['foundBy'], string>> = {
  database: 'package manager',
  metadata: 'package metadata',
  'lock-file': 'lock file',
  'build-info': 'build information',
  pattern: 'binary signature',
  claim: 'declared by the image',
};

const columns: readonly Column<PlacedPackage>[] = [
  {
    label: 'Package',
    cell: ({ name, purl }) => (
      <div className="cell-name">
        <LinkAnchor
          to="/search"
          search={{ text: name, kind: 'package' }}
          className="row-link"
          title={escapeInvisible(purl)}
        >
          <PlainText>{name}</PlainText>
        </LinkAnchor>
      </div>
    ),
  },
  {
    label: 'Version',
    cell: ({ version, architecture }) => (
      <span className="mono small break">
        <PlainText>{version === '' ? 'unknown' : version}</PlainText>
        {architecture !== undefined && (
          <span className="dim">
            {' '}
            <PlainText>{architecture}</PlainText>
          </span>
        )}
      </span>
    ),
  },
  {
    label: 'Type',
    cell: ({ type, state }) => (
      <span className="row tight">
        <span className="tag">{type}</span>
        {state !== 'installed' && <span className="hidden-tag">{state}</span>}
      </span>
    ),
  },
  {
    label: 'License',
    cell: ({ licenses }) =>
      licenses === undefined || licenses.length === 0 ? null : (
        <span className="small break clamp">
          <PlainText>{licenses.join(', ')}</PlainText>
        </span>
      ),
  },
  {
    label: 'Source',
    cell: ({ path, layer, hiddenBy, foundBy }) => (
      <div>
        <FileLink path={path} layer={layer} hiddenBy={hiddenBy} />
        <div className="dim small">{sourceLabels[foundBy]}</div>
      </div>
    ),
  },
  { label: 'Layer', cell: (each) => <LayerTag layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

export function PackagesPanel(): ReactNode {
  const { digest, search, inProject, change } = useImagePage();
  const types = listOf(search.type, packageType.options);
  const filter = {
    ...inProject,
    ...(search.text === undefined ? {} : { text: search.text }),
    ...(types.length > 0 ? { type: types } : {}),
    ...(search.hidden === undefined ? {} : { hidden: true }),
  };
  const { query, items } = usePages(['images.packages', digest, filter], (cursor, signal) =>
    client.call(
      operations.images.packages,
      { params: { digest }, query: { ...filter, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  return (
    <div className="stack panel-body flush">
      <div className="filters padded">
        <TextFilter
          label="Name"
          icon={<IconSearch size={16} />}
          value={search.text ?? ''}
          onTyped={(text) => change({ text: text.trim().slice(0, 200) })}
        />
        <MultiSelect
          aria-label="Type"
          placeholder={types.length === 0 ? 'Any type' : ''}
          data={packageType.options}
          value={types}
          onChange={(chosen) => change({ type: chosen.join(',') })}
          clearable
        />
        <Switch
          label="Include packages removed by later layers"
          checked={search.hidden !== undefined}
          onChange={(event) => change({ hidden: event.currentTarget.checked ? 'yes' : undefined })}
        />
      </div>
      <QueryView query={query} rows={8}>
        {() =>
          items.length === 0 ? (
            <EmptyState icon={IconPackageOff} title="No packages">
              {search.text === undefined && types.length === 0
                ? 'No package database or known package format was found in this image.'
                : 'Broaden or clear the filters.'}
            </EmptyState>
          ) : (
            <DataTable
              label="Packages"
              columns={columns}
              rows={items}
              rowKey={({ purl, path, layer }) => `${purl} ${path} ${layer}`}
            />
          )
        }
      </QueryView>
      {query.hasNextPage && (
        <div className="padded stack">
          <LoadMoreButton query={query}>Load more packages</LoadMoreButton>
        </div>
      )}
    </div>
  );
}
