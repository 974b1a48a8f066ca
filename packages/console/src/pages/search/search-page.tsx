import { Button, Select, TextInput } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconSearch, IconSearchOff, IconWorldSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { HitRow } from './hit-row.tsx';
import {
  guessKind,
  searchKinds,
  type SearchKind,
  type SearchQuery,
  toSearchQuery,
} from './search-query.ts';

const pageItems = 50;

const kinds: Readonly<Record<SearchKind, { readonly label: string; readonly hint: string }>> = {
  hash: { label: 'Hash', hint: 'SHA-256, SHA-1 or MD5 of a file' },
  path: { label: 'Path', hint: 'Path prefix: etc/ssh/ or usr/bin/curl' },
  package: { label: 'Package', hint: 'Exact package name, or purl' },
  rule: { label: 'Rule', hint: 'Exact name of a rule, signature or advisory' },
};

/** Searches files, packages and findings of all inspected images. */
export function SearchPage(): ReactNode {
  const address = useSearch({ from: '/shell/search' });
  const by = searchKinds.find((kind) => kind === address.by) ?? 'package';
  const { text } = address;
  const query = text === undefined ? undefined : toSearchQuery(by, text);
  return (
    <>
      <PageHeader title="Search">
        Find files, packages and findings in all layers of all inspected images, including hidden
        files.
      </PageHeader>
      <div className="stack">
        <SearchForm key={`${by} ${text ?? ''}`} by={by} text={text ?? ''} />
        {text === undefined && (
          <section className="panel">
            <EmptyState icon={IconWorldSearch} title="Search all inspected images">
              By file hash, path, package, or the name of a rule, signature or vulnerability.
            </EmptyState>
          </section>
        )}
        {text !== undefined && query === undefined && (
          <Notice tone="warning" title="Invalid hash">
            <p>
              Expected 64 (SHA-256), 40 (SHA-1) or 32 (MD5) hexadecimal characters. To search for
              something else, change the search type.
            </p>
          </Notice>
        )}
        {query !== undefined && <Hits query={query} />}
      </div>
    </>
  );
}

function SearchForm({ by, text }: { readonly by: SearchKind; readonly text: string }): ReactNode {
  const navigate = useNavigate();
  const [kind, setKind] = useState<SearchKind>(by);
  const [typed, setTyped] = useState(text);
  const [chosen, setChosen] = useState(text !== '');
  return (
    <form
      className="search-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const value = typed.trim();
        if (value !== '') void navigate({ to: '/search', search: { by: kind, text: value } });
      }}
    >
      <Select
        aria-label="Search type"
        data={searchKinds.map((value) => ({ value, label: kinds[value].label }))}
        value={kind}
        allowDeselect={false}
        onChange={(next) => {
          setChosen(true);
          setKind(searchKinds.find((known) => known === next) ?? kind);
        }}
      />
      <TextInput
        aria-label={kinds[kind].hint}
        placeholder={kinds[kind].hint}
        value={typed}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        onChange={(event) => {
          const { value } = event.currentTarget;
          setTyped(value);
          const guess = guessKind(value);
          if (guess !== undefined && !chosen) setKind(guess);
        }}
      />
      <Button type="submit" leftSection={<IconSearch size={16} />} disabled={typed.trim() === ''}>
        Search
      </Button>
    </form>
  );
}

function Hits({ query: requested }: { readonly query: SearchQuery }): ReactNode {
  const { query, items } = usePages(['search.run', requested], (cursor, signal) =>
    client.call(
      operations.searches.run,
      { query: { ...requested, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  return (
    <>
      <section className="panel" aria-label="Results">
        <QueryView query={query} rows={6}>
          {() =>
            items.length === 0 ? (
              <EmptyState icon={IconSearchOff} title="No results">
                Package and rule names must match exactly. Only inspected images are searched.
              </EmptyState>
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
      <LoadMoreButton query={query}>Load more results</LoadMoreButton>
    </>
  );
}
