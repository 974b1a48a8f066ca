import { Button, TextInput } from '@mantine/core';
import {
  detectSearchTerm,
  operations,
  type SearchGroup,
  type SearchHit,
  searchKinds,
  type SearchKind,
} from '@lazaret/protocol';
import { IconSearch, IconSearchOff, IconWorldSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { useOperation, usePages } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { HitRow } from './hit-row.tsx';
import { countWords, describeTerm, kindWords, shortTextNote } from './search-query.ts';

const pageItems = 50;
const itemsPerKind = 5;

/** Searches jobs, images, artifacts, files, packages and findings, or one of these kinds. */
export function SearchPage(): ReactNode {
  const { text, kind: asked } = useSearch({ from: '/shell/search' });
  const kind = searchKinds.find((known) => known === asked);
  return (
    <>
      <PageHeader title="Search">
        Jobs, images, artifacts, and the files, packages and findings of every layer, including
        those that a later layer hides.
      </PageHeader>
      <div className="stack">
        <SearchForm key={text ?? ''} text={text ?? ''} kind={kind} />
        {text === undefined ? <NoQuery /> : <Results key={text} text={text} kind={kind} />}
      </div>
    </>
  );
}

function NoQuery(): ReactNode {
  return (
    <section className="panel">
      <EmptyState icon={IconWorldSearch} title="Search everything">
        A SHA-256, SHA-1 or MD5 from a threat report, part of a file name, a path such as
        <code> /etc/ssh/</code>, a package or its URL, an image, a job, a rule or a CVE. From any
        page: <kbd>/</kbd> or <kbd>Ctrl</kbd> <kbd>K</kbd>.
      </EmptyState>
    </section>
  );
}

interface SearchFormProps {
  readonly text: string;
  readonly kind: SearchKind | undefined;
}

function SearchForm({ text, kind }: SearchFormProps): ReactNode {
  const navigate = useNavigate();
  const [typed, setTyped] = useState(text);
  const recognised = typed.trim() === '' ? undefined : describeTerm(typed);
  return (
    <form
      className="search-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const words = typed.trim();
        const search = { text: words, ...(kind === undefined ? {} : { kind }) };
        if (words !== '') void navigate({ to: '/search', search });
      }}
    >
      <TextInput
        aria-label="Search text"
        placeholder="Hash, name or part of it, path, package, image, job, rule"
        size="md"
        leftSection={<IconSearch size={18} />}
        value={typed}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        data-autofocus
        rightSectionWidth="auto"
        rightSection={
          recognised === undefined ? undefined : (
            <span className="tag recognised">{recognised}</span>
          )
        }
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" size="md" disabled={typed.trim() === ''}>
        Search
      </Button>
    </form>
  );
}

interface ResultsProps {
  readonly text: string;
  readonly kind: SearchKind | undefined;
}

/** The kinds with their counts, and the hits of all or of the selected one. */
function Results({ text, kind }: ResultsProps): ReactNode {
  const overview = useOperation(operations.searches.run, {
    query: { text, perKind: itemsPerKind },
  });
  return (
    <QueryView query={overview} rows={8}>
      {({ groups, items }) => (
        <>
          <KindTabs text={text} kind={kind} groups={groups} />
          {kind === undefined ? (
            <Overview text={text} groups={groups} items={items} />
          ) : (
            <KindHits key={kind} text={text} kind={kind} />
          )}
        </>
      )}
    </QueryView>
  );
}

interface KindTabsProps extends ResultsProps {
  readonly groups: readonly SearchGroup[];
}

function KindTabs({ text, kind, groups }: KindTabsProps): ReactNode {
  return (
    <nav className="chips" aria-label="Kinds">
      <LinkAnchor
        to="/search"
        search={{ text }}
        className="chip"
        aria-current={kind === undefined ? 'page' : undefined}
      >
        All
      </LinkAnchor>
      {groups.map((group) => (
        <LinkAnchor
          key={group.kind}
          to="/search"
          search={{ text, kind: group.kind }}
          className={group.count === 0 ? 'chip none' : 'chip'}
          aria-current={kind === group.kind ? 'page' : undefined}
        >
          {kindWords[group.kind].many} <b className="number">{countWords(group)}</b>
        </LinkAnchor>
      ))}
    </nav>
  );
}

interface OverviewProps {
  readonly text: string;
  readonly groups: readonly SearchGroup[];
  readonly items: readonly SearchHit[];
}

function Overview({ text, groups, items }: OverviewProps): ReactNode {
  const found = groups.filter(({ count }) => count > 0);
  if (found.length === 0) {
    return (
      <section className="panel">
        <NoHits text={text} />
      </section>
    );
  }
  return (
    <>
      {isKnownFile(found) && <FileOfDigest text={text} />}
      {found.map((group) => (
        <GroupPanel key={group.kind} text={text} group={group} items={items} />
      ))}
    </>
  );
}

/** A digest may be that of an image or a layer. */
function isKnownFile(found: readonly SearchGroup[]): boolean {
  return found.some(({ kind }) => kind === 'job' || kind === 'artifact' || kind === 'file');
}

/** The page of the file with the SHA-256 combines the hits of the groups. */
function FileOfDigest({ text }: { readonly text: string }): ReactNode {
  const { digest } = detectSearchTerm(text);
  if (digest?.algorithm !== 'sha256') return null;
  return (
    <LinkAnchor to="/files/$sha256" params={{ sha256: digest.hex }}>
      All information about this file, and its content
    </LinkAnchor>
  );
}

interface GroupPanelProps {
  readonly text: string;
  readonly group: SearchGroup;
  readonly items: readonly SearchHit[];
}

function GroupPanel({ text, group, items }: GroupPanelProps): ReactNode {
  return (
    <Panel
      flush
      title={
        <>
          {kindWords[group.kind].many} <span className="dim number">{countWords(group)}</span>
        </>
      }
      actions={
        group.count > itemsPerKind && (
          <LinkAnchor to="/search" search={{ text, kind: group.kind }}>
            Show all
          </LinkAnchor>
        )
      }
    >
      <ul className="hits">
        {items
          .filter(({ kind }) => kind === group.kind)
          .map((hit, index) => (
            <HitRow key={index} hit={hit} />
          ))}
      </ul>
    </Panel>
  );
}

function KindHits({ text, kind }: { readonly text: string; readonly kind: SearchKind }): ReactNode {
  const { query, items } = usePages(['search.run', 'pages', text, kind], (cursor, signal) =>
    client.call(
      operations.searches.run,
      { query: { text, kind, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  return (
    <>
      <section className="panel" aria-label={kindWords[kind].many}>
        <QueryView query={query} rows={6}>
          {() =>
            items.length === 0 ? (
              <NoHits text={text} />
            ) : (
              <ul className="hits">
                {items.map((hit, index) => (
                  <HitRow key={index} hit={hit} />
                ))}
              </ul>
            )
          }
        </QueryView>
      </section>
      <LoadMoreButton query={query}>Show more results</LoadMoreButton>
    </>
  );
}

function NoHits({ text }: { readonly text: string }): ReactNode {
  return (
    <EmptyState icon={IconSearchOff} title="No results">
      {describeTerm(text) === 'SHA-1' || describeTerm(text) === 'MD5'
        ? 'Artifacts are only found by SHA-256; SHA-1 and MD5 find files of images.'
        : `Searched: jobs, artifacts and inspected images.${shortTextNote(text)}`}
    </EmptyState>
  );
}
