import { Button, Select, TextInput } from '@mantine/core';
import { type AuditEntry, eventKinds, operations, type Page } from '@lazaret/protocol';
import { IconDownload, IconFilterOff, IconScript } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { HashLink } from '../../components/hash-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { describeEntry, fileOf } from './describe-entry.ts';
import { auditedTypes, type AuditSearch, toAuditQuery } from './filters.ts';
import { VerifyPanel } from './verify-panel.tsx';

const pageItems = 50;

const columns: Column<AuditEntry>[] = [
  { label: 'No.', cell: ({ number }) => <span className="mono dim">{number}</span> },
  {
    label: 'Event',
    cell: ({ type, data }) => (
      <div>
        <strong>{describeEntry({ type, data })}</strong>
        <div className="mono small dim">{type}</div>
      </div>
    ),
  },
  { label: 'Actor', cell: ({ actor }) => <PlainText>{actor}</PlainText> },
  {
    label: 'Subject',
    cell: ({ type, subject, project }) => (
      <span className="break">
        <EntrySubject type={type} subject={subject} />
        {project !== null && <span className="dim small"> in {project}</span>}
      </span>
    ),
  },
  { label: 'Data', cell: ({ data }) => <EntryData data={data} /> },
  { label: 'Time', end: true, cell: ({ at }) => <Timestamp at={at} /> },
];

export function AuditPage(): ReactNode {
  const search = useSearch({ from: '/shell/audit' });
  const query = useInfiniteQuery({
    queryKey: ['audit.list', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }): Promise<Page<AuditEntry>> =>
      client.call(
        operations.events.auditList,
        {
          query: {
            ...toAuditQuery(search),
            limit: pageItems,
            ...(pageParam === undefined ? {} : { cursor: pageParam }),
          },
        },
        { signal },
      ),
    getNextPageParam: (last) => last.next ?? undefined,
    refetchOnWindowFocus: false,
  });
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHeader
        title="Audit"
        actions={
          <Button
            component="a"
            variant="default"
            download="lazaret-audit.jsonl"
            href={client.url(operations.events.auditExport)}
            leftSection={<IconDownload size={16} />}
          >
            Export
          </Button>
        }
      >
        All audited actions. The entries form a hash chain, so that tampering is detected.
      </PageHeader>
      <div className="stack">
        <VerifyPanel />
        <AuditFilters search={search} />
        <section className="panel" aria-label="Audit log">
          <QueryView query={query} rows={8}>
            {() =>
              entries.length === 0 ? (
                <EmptyState icon={IconScript} title="No matching entries">
                  Broaden or clear the filters.
                </EmptyState>
              ) : (
                <DataTable
                  label="Audit log"
                  columns={columns}
                  rows={entries}
                  rowKey={({ number }) => String(number)}
                />
              )
            }
          </QueryView>
        </section>
        <LoadMoreButton query={query}>Load older entries</LoadMoreButton>
      </div>
    </>
  );
}

function AuditFilters({ search }: { readonly search: AuditSearch }): ReactNode {
  const navigate = useNavigate();
  const change = (part: { [K in keyof AuditSearch]?: string | undefined }): void => {
    const entries = Object.entries({ ...search, ...part }).filter(([, value]) => value);
    void navigate({ to: '/audit', search: Object.fromEntries(entries), replace: true });
  };
  return (
    <form
      className="filters"
      onSubmit={(event) => event.preventDefault()}
      // Text is applied on blur or on Enter.
      key={`${search.actor ?? ''} ${search.subject ?? ''}`}
    >
      <Select
        aria-label="Event"
        placeholder="Any event"
        data={auditedTypes.map((type) => ({ value: type, label: eventKinds[type].summary }))}
        value={search.type ?? null}
        onChange={(type) => change({ type: type ?? undefined })}
        clearable
        searchable
      />
      <TextFilter label="Actor" value={search.actor} onDone={(actor) => change({ actor })} />
      <TextFilter
        label="Subject (job, engine or user)"
        value={search.subject}
        onDone={(subject) => change({ subject })}
      />
      {Object.keys(search).length > 0 && (
        <Button
          variant="default"
          leftSection={<IconFilterOff size={16} />}
          onClick={() => void navigate({ to: '/audit', search: {}, replace: true })}
        >
          Clear
        </Button>
      )}
    </form>
  );
}

interface TextFilterProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onDone: (value: string | undefined) => void;
}

function TextFilter({ label, value, onDone }: TextFilterProps): ReactNode {
  const done = (typed: string): void => {
    if (typed.trim() !== (value ?? '')) onDone(typed.trim() === '' ? undefined : typed.trim());
  };
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      defaultValue={value ?? ''}
      onBlur={(event) => done(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') done(event.currentTarget.value);
      }}
    />
  );
}

/** The subject, linking to the page of a job or file. */
function EntrySubject({ type, subject }: Pick<AuditEntry, 'type' | 'subject'>): ReactNode {
  const sha256 = fileOf({ type, subject });
  if (sha256 !== undefined) return <HashLink sha256={sha256} chars={16} />;
  if (!type.startsWith('job.')) return <PlainText>{subject}</PlainText>;
  return (
    <LinkAnchor to="/jobs/$id" params={{ id: subject }}>
      {subject}
    </LinkAnchor>
  );
}

function EntryData({ data }: { readonly data: Readonly<Record<string, unknown>> }): ReactNode {
  const text = Object.entries(data)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  if (text === '') return null;
  return (
    <span className="mono small dim clamp break">
      <PlainText>{text}</PlainText>
    </span>
  );
}
