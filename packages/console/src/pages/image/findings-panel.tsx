import { Select } from '@mantine/core';
import {
  findingClass,
  type ImageDetail,
  operations,
  type PlacedFinding,
  severity,
} from '@lazaret/protocol';
import { IconShieldCheck } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { classWords } from '../../text/image-words.ts';
import { FindingRow } from './finding-row.tsx';
import { type ImageSearch, listOf } from './search.ts';
import { useImageAddress } from './use-image-search.ts';

const pageItems = 100;
/** How far a selected finding is looked for. */
const pagesSearched = 20;

export function FindingsPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const { digest, search, inProject } = useImageAddress();
  const severities = listOf(search.severity, severity.options);
  const classes = listOf(search.class, findingClass.options);
  const filter = {
    ...inProject,
    ...(severities.length > 0 ? { severity: severities } : {}),
    ...(classes.length > 0 ? { class: classes } : {}),
    ...(search.scanner === undefined ? {} : { scanner: search.scanner }),
  };
  const { query, items } = usePages(['images.findings', digest, filter], (cursor, signal) =>
    client.call(
      operations.images.findings,
      { params: { digest }, query: { ...filter, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  const selected = items.findIndex((finding) => isSelected(finding, search));
  const isSought = search.rule !== undefined && selected < 0;
  const pages = query.data?.pages.length ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (isSought && hasNextPage && !isFetchingNextPage && pages < pagesSearched) {
      void fetchNextPage();
    }
  }, [isSought, hasNextPage, isFetchingNextPage, fetchNextPage, pages]);
  return (
    <div className="panel-body stack">
      <FindingFilters image={image} />
      <QueryView query={query} rows={6}>
        {() =>
          items.length === 0 ? (
            <NoFindings isFiltered={severities.length + classes.length > 0 || !!search.scanner} />
          ) : (
            <ul className="findings" aria-label="Findings">
              {items.map((finding, index) => (
                <FindingRow key={index} finding={finding} isSelected={index === selected} />
              ))}
            </ul>
          )
        }
      </QueryView>
      <MoreButton query={query}>Show more findings</MoreButton>
    </div>
  );
}

function isSelected({ rule, path }: PlacedFinding, search: ImageSearch): boolean {
  return rule === search.rule && (search.path === undefined || search.path === path);
}

function NoFindings({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  return (
    <EmptyState
      icon={IconShieldCheck}
      title={isFiltered ? 'No finding fits these filters' : 'No findings'}
    >
      {isFiltered
        ? 'Loosen a filter to see the others.'
        : 'Nothing was said against this image. What was examined, and what was not, is under Coverage.'}
    </EmptyState>
  );
}

function FindingFilters({ image }: { readonly image: ImageDetail }): ReactNode {
  const { search, change } = useImageAddress();
  const total = Object.values(image.findings).reduce((sum, count) => sum + count, 0);
  const chips = [
    { value: '', word: 'All', count: total },
    ...severity.options.map((value) => ({ value, word: value, count: image.findings[value] })),
  ];
  const scanners = image.coverage.scanners.map(({ scanner }) => scanner);
  const unselect = { rule: undefined, path: undefined };
  return (
    <div className="row between">
      <div className="chips" role="group" aria-label="Severity">
        {chips.map(({ value, word, count }) => (
          <button
            key={word}
            type="button"
            className="chip capital"
            aria-pressed={(search.severity ?? '') === value}
            onClick={() => change({ ...unselect, severity: value })}
          >
            {word} <span className="number">{count.toLocaleString('en')}</span>
          </button>
        ))}
      </div>
      <div className="row">
        <Select
          aria-label="Kind"
          placeholder="Any kind"
          data={findingClass.options.map((value) => ({ value, label: classWords[value] }))}
          value={listOf(search.class, findingClass.options)[0] ?? null}
          onChange={(value) => change({ ...unselect, class: value ?? undefined })}
          clearable
        />
        <Select
          aria-label="Scanner"
          placeholder="Any scanner"
          data={[
            ...new Set([...scanners, ...(search.scanner === undefined ? [] : [search.scanner])]),
          ]}
          value={search.scanner ?? null}
          onChange={(value) => change({ ...unselect, scanner: value ?? undefined })}
          clearable
        />
      </div>
    </div>
  );
}
