import { Select } from '@mantine/core';
import {
  findingClass,
  type ImageDetail,
  operations,
  plural,
  type PlacedFinding,
  severity,
} from '@lazaret/protocol';
import { IconShieldCheck } from '@tabler/icons-react';
import { type ReactNode, useEffect, useMemo } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { findingClassLabels } from '../../text/image-labels.ts';
import { AddExceptionLink } from '../exceptions/add-exception-link.tsx';
import { targetOfFinding } from '../exceptions/exception-target.ts';
import { FindingRow } from './finding-row.tsx';
import { groupFindings } from './group-findings.ts';
import { type ImageSearch, listOf } from './search.ts';
import { useImagePage } from './use-image-page.ts';

const pageItems = 100;
/** Pages that are searched for the selected finding. */
const pagesSearched = 20;

export function FindingsPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const { digest, search, inProject } = useImagePage();
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
  const groups = useMemo(() => groupFindings(items), [items]);
  const selected = groups.findIndex(({ finding, others }) =>
    [finding, ...others].some((one) => isSelected(one, search)),
  );
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
          groups.length === 0 ? (
            <NoFindings isFiltered={severities.length + classes.length > 0 || !!search.scanner} />
          ) : (
            <ul className="findings" aria-label="Findings">
              {groups.map(({ finding, others }, index) => (
                <FindingRow
                  key={index}
                  finding={finding}
                  others={others}
                  isSelected={index === selected}
                  actions={
                    <AddExceptionLink
                      target={targetOfFinding(finding)}
                      project={inProject.project}
                      about={finding.title}
                    />
                  }
                />
              ))}
            </ul>
          )
        }
      </QueryView>
      {groups.length < items.length && (
        <p className="dim small">
          {plural(items.length, 'finding')} in {plural(groups.length, 'row')}: copies of the same
          content are shown once.
        </p>
      )}
      <LoadMoreButton query={query}>Load more findings</LoadMoreButton>
    </div>
  );
}

function isSelected({ rule, path }: PlacedFinding, search: ImageSearch): boolean {
  return rule === search.rule && (search.path === undefined || search.path === path);
}

function NoFindings({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  return (
    <EmptyState icon={IconShieldCheck} title={isFiltered ? 'No matching findings' : 'No findings'}>
      {isFiltered
        ? 'Broaden or clear the filters.'
        : 'See Coverage for what was examined and what was not.'}
    </EmptyState>
  );
}

function FindingFilters({ image }: { readonly image: ImageDetail }): ReactNode {
  const { search, change } = useImagePage();
  const total = Object.values(image.findings).reduce((sum, count) => sum + count, 0);
  const chips = [
    { value: '', label: 'All', count: total },
    ...severity.options.map((value) => ({ value, label: value, count: image.findings[value] })),
  ];
  const scanners = image.coverage.scanners.map(({ scanner }) => scanner);
  const unselect = { rule: undefined, path: undefined };
  return (
    <div className="row between">
      <div className="chips" role="group" aria-label="Severity">
        {chips.map(({ value, label, count }) => (
          <button
            key={label}
            type="button"
            className="chip capital"
            aria-pressed={(search.severity ?? '') === value}
            onClick={() => change({ ...unselect, severity: value })}
          >
            {label} <span className="number">{count.toLocaleString('en')}</span>
          </button>
        ))}
      </div>
      <div className="row">
        <Select
          aria-label="Class"
          placeholder="Any class"
          data={findingClass.options.map((value) => ({ value, label: findingClassLabels[value] }))}
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
