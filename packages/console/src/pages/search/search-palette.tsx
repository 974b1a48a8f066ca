import { Loader, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { detectSearchTerm, operations, type SearchHit, type SearchKind } from '@lazaret/protocol';
import { IconFileSearch, IconSearch, IconWorldSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';

import { useOperation } from '../../data.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import { type NavPage, useNavPages } from '../../nav-pages.ts';
import { useIdentity } from '../../session.ts';
import { HitFacts, HitTitle, kindIcons } from './hit-row.tsx';
import { hitTarget } from './hit-target.ts';
import { countWords, describeTerm, kindWords } from './search-query.ts';

const itemsPerKind = 5;
const settleMs = 180;

/** An option: a hit, or the page with all hits. */
type Option =
  | { readonly type: 'hit'; readonly hit: SearchHit }
  /** The page of the file with the searched SHA-256. */
  | { readonly type: 'file'; readonly sha256: string }
  /** A page of the menu. */
  | { readonly type: 'page'; readonly page: NavPage }
  | { readonly type: 'all'; readonly kind: SearchKind | undefined };

interface SearchPaletteProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** The global search in a dialog for keyboard use. */
export function SearchPalette({ isOpen, onClose }: SearchPaletteProps): ReactNode {
  return (
    <Modal.Root
      opened={isOpen}
      onClose={onClose}
      padding={0}
      // It would add a style element, which the content security policy refuses.
      lockScroll={false}
      size="min(680px, 96vw)"
      yOffset="12vh"
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Search">
        <Palette onClose={onClose} />
      </Modal.Content>
    </Modal.Root>
  );
}

function Palette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [typed, setTyped] = useState('');
  const words = typed.trim();
  const [text] = useDebouncedValue(words, settleMs);
  const [at, setAt] = useState(0);
  const query = useOperation(
    operations.searches.run,
    { query: { text, perKind: itemsPerKind } },
    { enabled: text !== '', keepPrevious: true },
  );
  const answer = text === '' ? undefined : query.data;
  const pages = useNavPages();
  const groups = (answer?.groups ?? []).filter(({ count }) => count > 0);
  const options: Option[] = [
    ...fileOption(text, groups),
    ...groups.flatMap(({ kind, count }) => [
      ...(answer?.items ?? [])
        .filter((hit) => hit.kind === kind)
        .map((hit) => ({ type: 'hit', hit }) as const),
      ...(count > itemsPerKind ? [{ type: 'all', kind } as const] : []),
    ]),
    ...pages
      .filter(({ label }) => startsWith(label, words))
      .map((page) => ({ type: 'page', page }) as const),
    ...(words === '' ? [] : [{ type: 'all', kind: undefined } as const]),
  ];
  const selected = Math.min(at, Math.max(0, options.length - 1));
  const open = useOpenOption(words, onClose);
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  // Before the next key: the dialog focuses its first field some milliseconds later.
  useLayoutEffect(() => input.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const target = moveSelection(event.key, selected, options.length);
    if (target !== undefined) {
      event.preventDefault();
      setAt(target);
    } else if (event.key === 'Enter' && words !== '') {
      event.preventDefault();
      // The last input may not have a response yet: then the page shows it.
      const isCurrent = words === text && !query.isFetching;
      open(isCurrent && !event.ctrlKey ? options[selected] : undefined);
    }
  };
  return (
    <div>
      <TextInput
        ref={input}
        className="palette-input"
        size="lg"
        role="combobox"
        aria-expanded={options.length > 0}
        aria-controls={listId}
        aria-activedescendant={options.length > 0 ? `${listId}-${selected}` : undefined}
        aria-autocomplete="list"
        aria-label="Search text"
        placeholder="Hash, name, path, package, image, job, rule"
        leftSection={query.isFetching ? <Loader size={18} /> : <IconSearch size={20} />}
        value={typed}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        data-autofocus
        rightSectionWidth="auto"
        rightSection={<Recognised text={words} />}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
      />
      {query.error !== null && (
        <div className="panel-body">
          <ProblemNotice error={query.error} />
        </div>
      )}
      <div className="palette-list" role="listbox" id={listId} aria-label="Results">
        {words === '' && (
          <div className="palette-group">
            Jobs, images, artifacts, files by hash, name or path, packages, findings; pages
          </div>
        )}
        {options.map((option, index) => (
          <PaletteOption
            key={optionKey(option, index)}
            id={`${listId}-${index}`}
            option={option}
            words={words}
            heading={headingOf(options, index, groups)}
            isSelected={index === selected}
            onChoose={() => open(option)}
            onPoint={() => setAt(index)}
          />
        ))}
        {answer !== undefined && groups.length === 0 && !query.isFetching && (
          <div className="palette-group">No results</div>
        )}
      </div>
      <div className="palette-foot" aria-hidden>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> select
        </span>
        <span>
          <kbd>Enter</kbd> open
        </span>
        <span>
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> all results
        </span>
        <span>
          <kbd>Esc</kbd> close
        </span>
      </div>
    </div>
  );
}

function Recognised({ text }: { readonly text: string }): ReactNode {
  const words = text === '' ? undefined : describeTerm(text);
  return words === undefined ? null : <span className="tag recognised">{words}</span>;
}

/** Opens the target of an option, or the search page without one. */
function useOpenOption(text: string, onClose: () => void): (option: Option | undefined) => void {
  const navigate = useNavigate();
  const { projects } = useIdentity();
  return (option) => {
    onClose();
    if (option?.type === 'file') {
      void navigate({ to: '/files/$sha256', params: { sha256: option.sha256 } });
      return;
    }
    if (option?.type === 'page') {
      void navigate({ to: option.page.to });
      return;
    }
    if (option?.type === 'hit') {
      const { project } = option.hit;
      void navigate(hitTarget(option.hit, projects.length < 2 ? {} : { project }));
      return;
    }
    const kind = option?.type === 'all' ? option.kind : undefined;
    void navigate({ to: '/search', search: { text, ...(kind === undefined ? {} : { kind }) } });
  };
}

const pageCharsMin = 2;

function startsWith(label: string, words: string): boolean {
  return words.length >= pageCharsMin && label.toLowerCase().startsWith(words.toLowerCase());
}

function fileOption(text: string, groups: readonly { kind: SearchKind }[]): Option[] {
  const { digest } = detectSearchTerm(text);
  const isKnown = groups.some(({ kind }) => ['job', 'artifact', 'file'].includes(kind));
  if (digest?.algorithm !== 'sha256' || !isKnown) return [];
  return [{ type: 'file', sha256: digest.hex }];
}

function moveSelection(key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined;
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (at + count - 1) % count;
    case 'PageDown':
      return Math.min(at + itemsPerKind, count - 1);
    case 'PageUp':
      return Math.max(at - itemsPerKind, 0);
    default:
      return undefined;
  }
}

function optionKey(option: Option, index: number): string {
  if (option.type === 'file') return 'file';
  if (option.type === 'page') return option.page.to;
  return option.type === 'all'
    ? `all ${option.kind ?? ''}`
    : `${option.hit.kind} ${option.hit.id} ${index}`;
}

/** The kind and its count, before the first option of a kind. */
function headingOf(
  options: readonly Option[],
  index: number,
  groups: readonly { kind: SearchKind; count: number; isMore: boolean }[],
): { readonly word: string; readonly count: string } | undefined {
  const kindOf = (option: Option | undefined): SearchKind | undefined =>
    option?.type === 'hit' ? option.hit.kind : option?.type === 'all' ? option.kind : undefined;
  const kind = kindOf(options[index]);
  if (kind === undefined || kind === kindOf(options[index - 1])) return undefined;
  const group = groups.find((each) => each.kind === kind);
  return group === undefined ? undefined : { word: kindWords[kind].many, count: countWords(group) };
}

interface PaletteOptionProps {
  readonly id: string;
  readonly option: Option;
  readonly words: string;
  readonly heading: { readonly word: string; readonly count: string } | undefined;
  readonly isSelected: boolean;
  readonly onChoose: () => void;
  readonly onPoint: () => void;
}

function PaletteOption(props: PaletteOptionProps): ReactNode {
  const { id, option, words, heading, isSelected, onChoose, onPoint } = props;
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  return (
    <>
      {heading !== undefined && (
        <div className="palette-group" role="presentation">
          <span>{heading.word}</span>
          <span className="number">{heading.count}</span>
        </div>
      )}
      <button
        ref={row}
        type="button"
        id={id}
        className="palette-option"
        role="option"
        aria-selected={isSelected}
        tabIndex={-1}
        onClick={onChoose}
        onPointerMove={onPoint}
      >
        <OptionIcon option={option} />
        <span className="palette-what">
          {option.type === 'hit' ? (
            <>
              <span className="palette-name">
                <HitTitle hit={option.hit} />
              </span>
              <span className="row tight small dim nowrap">
                <HitFacts hit={option.hit} isPlain />
              </span>
            </>
          ) : (
            <span className="palette-name">{optionText(option, words)}</span>
          )}
        </span>
      </button>
    </>
  );
}

function OptionIcon({ option }: { readonly option: Option }): ReactNode {
  const look = { size: 17, stroke: 1.7, 'aria-hidden': true } as const;
  if (option.type === 'file') return <IconFileSearch {...look} />;
  if (option.type === 'page') return <option.page.icon {...look} />;
  if (option.type === 'all') return <IconWorldSearch {...look} />;
  const KindIcon = kindIcons[option.hit.kind];
  return <KindIcon {...look} />;
}

function optionText(option: Exclude<Option, { type: 'hit' }>, words: string): string {
  if (option.type === 'file') return 'All information about this file';
  if (option.type === 'page') return `Page ${option.page.label}`;
  if (option.kind === undefined) return `All results for “${words}”`;
  return `All ${kindWords[option.kind].many.toLowerCase()}`;
}
