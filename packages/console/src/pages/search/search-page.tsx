import { Button, Select, TextInput } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconSearch, IconSearchOff, IconWorldSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { Notice } from '../../parts/notice.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { HitRow } from './hit-row.tsx';
import {
  guessKind,
  searchKinds,
  type SearchKind,
  type SearchQuery,
  toSearchQuery,
} from './search-query.ts';

const pageItems = 50;

const kinds: Readonly<Record<SearchKind, { readonly word: string; readonly hint: string }>> = {
  hash: { word: 'Hash', hint: 'SHA-256, SHA-1 or MD5 of a file' },
  path: { word: 'Path', hint: 'The beginning of a path: etc/ssh/ or usr/bin/curl' },
  package: { word: 'Package', hint: 'The whole name of a package, or its purl' },
  rule: { word: 'Rule', hint: 'The whole name of a rule, signature or advisory' },
};

/** Looks for files, packages and findings in all images that were inspected. */
export function SearchPage(): ReactNode {
  const address = useSearch({ from: '/shell/search' });
  const by = searchKinds.find((kind) => kind === address.by) ?? 'package';
  const { text } = address;
  const query = text === undefined ? undefined : toSearchQuery(by, text);
  return (
    <>
      <PageHeader title="Search">
        Which images hold a file, a package or a finding, in any layer, also where a later layer
        hides it.
      </PageHeader>
      <div className="stack">
        <SearchForm key={`${by} ${text ?? ''}`} by={by} text={text ?? ''} />
        {text === undefined && (
          <section className="panel">
            <EmptyState icon={IconWorldSearch} title="What are you looking for?">
              A digest from a threat report, the path of a suspicious file, a package with a known
              hole, or the name of a rule that fired.
            </EmptyState>
          </section>
        )}
        {text !== undefined && query === undefined && (
          <Notice tone="warning" title="This is no digest">
            <p>
              Expected 64 (SHA-256), 40 (SHA-1) or 32 (MD5) hexadecimal characters. To look for
              something else, choose what it is.
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
        const words = typed.trim();
        if (words !== '') void navigate({ to: '/search', search: { by: kind, text: words } });
      }}
    >
      <Select
        aria-label="What"
        data={searchKinds.map((value) => ({ value, label: kinds[value].word }))}
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

function Hits({ query: asked }: { readonly query: SearchQuery }): ReactNode {
  const { query, items } = usePages(['search.run', asked], (cursor, signal) =>
    client.call(
      operations.searches.run,
      { query: { ...asked, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  return (
    <>
      <section className="panel" aria-label="Hits">
        <QueryView query={query} rows={6}>
          {() =>
            items.length === 0 ? (
              <EmptyState icon={IconSearchOff} title="No image has this">
                Names of packages and rules are compared as a whole. Images that were never
                inspected are not known here.
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
      <MoreButton query={query}>Show more hits</MoreButton>
    </>
  );
}
