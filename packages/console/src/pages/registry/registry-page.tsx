import { operations, type Registry } from '@lazaret/protocol';
import { useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { Field } from '../../components/field.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { ValueTable } from '../../components/value-table.tsx';
import { useOperation } from '../../data.ts';
import { kindLabels, type SettingValues, toValues } from '../registries/registry-fields.ts';
import { RegistryStateView } from '../registries/registry-state.tsx';
import { CheckPanel } from './check-panel.tsx';
import { HistoryPanel } from './history-panel.tsx';
import { RegistryActions } from './registry-actions.tsx';
import { RepositoriesPanel } from './repositories-panel.tsx';
import { TagsPanel } from './tags-panel.tsx';

const refetchMs = 3_000;

/** A registry with its repositories, or one of its repositories with tags and their history. */
export function RegistryPage(): ReactNode {
  const { name } = useParams({ from: '/shell/registries/$name' });
  const { project, repository } = useSearch({ from: '/shell/registries/$name' });
  const call = { params: { name }, query: { project } };
  const query = useOperation(operations.registries.show, call, { refetchMs });
  return (
    <QueryView query={query} rows={10}>
      {(registry) =>
        repository === undefined ? (
          <RegistryView registry={registry} />
        ) : (
          <RepositoryView registry={registry} repository={repository} />
        )
      }
    </QueryView>
  );
}

interface RegistryViewProps {
  readonly registry: Registry;
}

function RegistryView({ registry }: RegistryViewProps): ReactNode {
  const { name, address, settings, source } = registry;
  return (
    <>
      <PageHeader
        title={name}
        eyebrow={kindLabels[settings.kind]}
        actions={<RegistryActions registry={registry} />}
      >
        {address === 'local' ? 'Images of the local container engine' : address}
      </PageHeader>
      <div className="stack">
        <div className="grid-2">
          <PollPanel registry={registry} />
          <CheckPanel registry={registry} />
        </div>
        <RepositoriesPanel registry={registry} />
        <HistoryPanel registry={registry} />
        <Panel title="Settings">
          {source === 'file' && (
            <p className="dim small">Defined in the configuration file of the server.</p>
          )}
          <ValueTable label={`Settings of ${name}`} values={withoutEmpty(toValues(settings))} />
        </Panel>
      </div>
    </>
  );
}

/** Settings that are not empty. */
function withoutEmpty(settings: SettingValues): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).filter(
      ([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

function PollPanel({ registry }: RegistryViewProps): ReactNode {
  const { counts, poll, name } = registry;
  const number = (value: number): string => value.toLocaleString('en');
  return (
    <Panel title="Polls and backlog">
      <div className="stack">
        <RegistryStateView registry={registry} />
        <dl className="fields">
          <Field label="Repositories">{number(counts.repositories)}</Field>
          <Field label="Tags">{number(counts.tags)}</Field>
          <Field label="Waiting for inspection">
            <LinkAnchor to="/arrivals" search={{ registry: name, state: 'waiting' }}>
              {number(counts.waiting)}
            </LinkAnchor>
          </Field>
          <Field label="Inspecting">{number(counts.inspecting)}</Field>
          <Field label="Failed inspections">
            <LinkAnchor to="/arrivals" search={{ registry: name, state: 'failed' }}>
              {number(counts.failed)}
            </LinkAnchor>
          </Field>
          <Field label="Older images skipped">{number(counts.skipped)}</Field>
          <Field label="Unreadable repositories and tags">{number(counts.problems)}</Field>
          <Field label="Requests of the last poll">{number(poll.requests)}</Field>
          <Field label="Last full poll">
            {poll.completeAt === null ? 'never' : <Timestamp at={poll.completeAt} />}
          </Field>
          <Field label="Next poll">
            {poll.running ? 'running now' : <Timestamp at={poll.nextAt} />}
          </Field>
        </dl>
      </div>
    </Panel>
  );
}

interface RepositoryViewProps extends RegistryViewProps {
  readonly repository: string;
}

function RepositoryView({ registry, repository }: RepositoryViewProps): ReactNode {
  const { project } = useSearch({ from: '/shell/registries/$name' });
  const { name } = registry;
  const search = project === undefined ? {} : { project };
  return (
    <>
      <PageHeader
        title={repository}
        eyebrow={
          <LinkAnchor to="/registries/$name" params={{ name }} search={search}>
            {name}
          </LinkAnchor>
        }
        actions={<RepositoryArrivals registry={name} repository={repository} />}
      >
        Tags of the repository, and which digest each of them had.
      </PageHeader>
      <div className="stack">
        <TagsPanel registry={registry} repository={repository} />
        <HistoryPanel registry={registry} repository={repository} />
      </div>
    </>
  );
}

interface RepositoryArrivalsProps {
  readonly registry: string;
  readonly repository: string;
}

function RepositoryArrivals({ registry, repository }: RepositoryArrivalsProps): ReactNode {
  return (
    <LinkAnchor to="/arrivals" search={{ registry, repository }}>
      Arrivals of the repository
    </LinkAnchor>
  );
}
