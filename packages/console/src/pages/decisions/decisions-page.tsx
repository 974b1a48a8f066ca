import { type Decision, operations, plural } from '@lazaret/protocol';
import { IconBox, IconGavel, IconServer } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { ImageName } from '../../components/image-name.tsx';
import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { NewItemsButton } from '../../components/new-items-button.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useStableList } from '../../live/stable-list.ts';
import { client } from '../../client.ts';
import { PolicyVerdictBadge } from './decision-status.tsx';
import { changesEffect, EffectView } from './effect.tsx';
import { PolicyLink } from './policy-link.tsx';
import { toDecisionsQuery } from './filters.ts';

const pageItems = 50;
const digestChars = 19;
const reasonsShown = 3;

const verdictChips = [
  { label: 'All', value: '' },
  { label: 'Fail', value: 'fail' },
  { label: 'Warning', value: 'warn' },
  { label: 'Incomplete', value: 'incomplete' },
  { label: 'Pass', value: 'pass' },
] as const;

const columns: readonly Column<Decision>[] = [
  {
    label: 'Image',
    cell: ({ id, registry, repository, tags, digest }) => (
      <div className="cell-name">
        <LinkAnchor to="/decisions/$id" params={{ id }} className="row-link">
          <ImageName>{imageNameOf(repository, tags[0])}</ImageName>
        </LinkAnchor>
        {tags.length > 1 && <span className="dim"> and {plural(tags.length - 1, 'more tag')}</span>}
        <div className="small dim">
          {registry} · <Copyable value={digest} label="the digest" chars={digestChars} />
        </div>
      </div>
    ),
  },
  {
    label: 'Verdict',
    cell: ({ verdict, inForce }) => (
      <div>
        <PolicyVerdictBadge verdict={verdict} />
        {!inForce && <div className="dim small">replaced</div>}
      </div>
    ),
  },
  { label: 'Action', cell: (decision) => <EffectView {...decision} /> },
  { label: 'Reasons', cell: (decision) => <Reasons decision={decision} /> },
  {
    label: 'Policy',
    cell: ({ policy, policyVersion, approvedBy, project }) => (
      <div>
        <PolicyLink name={policy} version={policyVersion} project={project} />
        {approvedBy !== 'policy' && <div className="dim small">approved by {approvedBy}</div>}
      </div>
    ),
  },
  { label: 'Decided', end: true, cell: ({ decidedAt }) => <Timestamp at={decidedAt} /> },
];

function Reasons({ decision }: { readonly decision: Decision }): ReactNode {
  const { reasons, actions } = decision;
  const dry = actions.filter(({ state }) => state !== 'apply').map(({ action }) => action);
  return (
    <div className="small break">
      {reasons.slice(0, reasonsShown).map((reason) => (
        <div key={reason}>
          <PlainText>{reason}</PlainText>
        </div>
      ))}
      {reasons.length > reasonsShown && (
        <div className="dim">and {reasons.length - reasonsShown} more</div>
      )}
      {dry.length > 0 && <div className="dim">not applied: {dry.join(', ')}</div>}
    </div>
  );
}

/** What policies decided about images in watched registries, latest first. */
export function DecisionsPage(): ReactNode {
  const search = useSearch({ from: '/shell/decisions' });
  const navigate = useNavigate();
  const filter = useMemo(() => toDecisionsQuery(search), [search]);
  const { list } = operations.decisions;
  const { query, items, newer, showNewer } = useStableList<Decision>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    versionOf: ({ id }) => id,
    matchesEvent: ({ type }) => changesEffect(type),
    updates: true,
  });
  return (
    <>
      <PageHeader title="Decisions">
        What policies decided about images in watched registries, latest first.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/decisions', search: next, replace: true })}
          label="Verdict"
          chips={verdictChips}
          chipsOf="verdict"
        >
          {(change) => (
            <>
              <TextFilter
                label="Registry"
                icon={<IconServer size={16} />}
                value={search.registry ?? ''}
                onTyped={(registry) => change({ registry: registry.trim() })}
              />
              {search.digest !== undefined && (
                <span className="small dim">
                  Only <Copyable value={search.digest} label="the digest" chars={digestChars} />
                </span>
              )}
              <TextFilter
                label="Repository"
                icon={<IconBox size={16} />}
                value={search.repository ?? ''}
                onTyped={(repository) => change({ repository: repository.trim() })}
              />
            </>
          )}
        </FilterBar>
        <NewItemsButton count={newer} item="new decision" onShow={showNewer} />
        <section className="panel" aria-label="Decisions">
          <QueryView query={query} rows={8}>
            {() =>
              items.length === 0 ? (
                <NoDecisions isFiltered={Object.keys(search).length > 0} />
              ) : (
                <DataTable
                  label="Decisions"
                  columns={columns}
                  rows={items}
                  rowKey={({ id }) => id}
                />
              )
            }
          </QueryView>
        </section>
        <LoadMoreButton query={query}>Load older decisions</LoadMoreButton>
      </div>
    </>
  );
}

function NoDecisions({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No matching decisions" to="/decisions">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState icon={IconGavel} title="No decisions yet">
      Each image that arrives in a watched registry is judged by a policy.
    </EmptyState>
  );
}
