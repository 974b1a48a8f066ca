/** A JSON or NDJSON document as a tree: search, copying of paths and values, any size. */
import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from 'react';

import { VirtualRows, type VirtualRowsHandle } from '../components/virtual-rows.tsx';
import {
  initiallyOpen,
  isContainer,
  type JsonContainer,
  type JsonHit,
  type JsonRoot,
  type JsonRow,
  searchJson,
  visibleRows,
} from './json-document.ts';
import { JsonRowView, JsonSelection, jsonRowHeightPx } from './json-row.tsx';

interface JsonViewProps {
  readonly roots: readonly JsonRoot[];
  readonly label: string;
}

export function JsonView({ roots, label }: JsonViewProps): ReactNode {
  const [open, setOpen] = useState<ReadonlySet<JsonContainer>>(() => initiallyOpen(roots));
  const [selected, setSelected] = useState<JsonRow>();
  const rows = useMemo(() => visibleRows(roots, open), [roots, open]);
  const view = useRef<VirtualRowsHandle>(null);
  // Rows are recomputed when a container opens; the same value in the same parent is the same row.
  const current = selected === undefined ? -1 : rows.findIndex((row) => isSame(row, selected));

  const toggle = (row: JsonRow): void => {
    if (!isContainer(row.value)) return;
    const next = new Set(open);
    if (!next.delete(row.value)) next.add(row.value);
    setOpen(next);
  };
  const select = (index: number): void => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (row === undefined) return;
    setSelected(row);
    view.current?.reveal(rows.indexOf(row));
  };
  const show = (hit: JsonHit): void => {
    const opened = new Set([...open, ...hit.way]);
    const next = visibleRows(roots, opened);
    const parent = hit.way.at(-1);
    const at = next.findIndex((row) =>
      parent === undefined
        ? row.parent === undefined && row.value === roots[Number(hit.key)]?.value
        : row.parent?.value === parent && row.key === hit.key,
    );
    setOpen(opened);
    setSelected(next[at]);
    // After the rows of the opened containers were rendered.
    requestAnimationFrame(() => view.current?.reveal(at));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[current];
    const target = keyTarget(event.key, { rows, current, open });
    if (target === undefined) return;
    event.preventDefault();
    if (target === 'toggle' && row !== undefined) toggle(row);
    else if (typeof target === 'number') select(target);
  };
  return (
    <div className="stack tight">
      <JsonSearchBar roots={roots} onShow={show} />
      <VirtualRows
        ref={view}
        className="code json-tree"
        role="tree"
        label={label}
        count={rows.length}
        rowHeightPx={jsonRowHeightPx}
        activeId={current < 0 ? undefined : `json-row-${current}`}
        onKeyDown={onKeyDown}
        onRowClick={(index) => {
          const row = rows[index];
          if (row === undefined) return;
          setSelected(row);
          toggle(row);
        }}
        renderRow={(index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <JsonRowView
              key={index}
              row={row}
              index={index}
              isOpen={isContainer(row.value) && open.has(row.value)}
              isSelected={index === current}
            />
          );
        }}
      />
      {selected !== undefined && selected.omitted === undefined && <JsonSelection row={selected} />}
    </div>
  );
}

function isSame(a: JsonRow, b: JsonRow): boolean {
  return a.key === b.key && a.value === b.value && a.parent?.value === b.parent?.value;
}

interface TreeState {
  readonly rows: readonly JsonRow[];
  readonly current: number;
  readonly open: ReadonlySet<JsonContainer>;
}

/** The keys of a tree, as in the ARIA authoring practices. */
function keyTarget(key: string, { rows, current, open }: TreeState): number | 'toggle' | undefined {
  const row = rows[current];
  const isOpen = row !== undefined && isContainer(row.value) && open.has(row.value);
  switch (key) {
    case 'ArrowDown':
      return current + 1;
    case 'ArrowUp':
      return current - 1;
    case 'Home':
      return 0;
    case 'End':
      return rows.length - 1;
    case 'Enter':
    case ' ':
      return 'toggle';
    case 'ArrowRight':
      return isOpen ? current + 1 : 'toggle';
    case 'ArrowLeft':
      return isOpen ? 'toggle' : rows.findLastIndex((one) => one.value === row?.parent?.value);
    default:
      return undefined;
  }
}

interface JsonSearchBarProps {
  readonly roots: readonly JsonRoot[];
  readonly onShow: (hit: JsonHit) => void;
}

function JsonSearchBar({ roots, onShow }: JsonSearchBarProps): ReactNode {
  const [text, setText] = useState('');
  const [at, setAt] = useState(-1);
  const wanted = text.trim();
  const { hits, isLimited } = useMemo(
    () => (wanted === '' ? { hits: [], isLimited: false } : searchJson(roots, wanted)),
    [roots, wanted],
  );
  const go = (step: number): void => {
    if (hits.length === 0) return;
    const next = (at + step + hits.length) % hits.length;
    setAt(next);
    const hit = hits[next];
    if (hit !== undefined) onShow(hit);
  };
  return (
    <div className="row">
      <TextInput
        className="grow"
        aria-label="Search keys and values"
        placeholder="Search keys and values"
        leftSection={<IconSearch size={16} />}
        value={text}
        spellCheck={false}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(-1);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
        }}
      />
      {wanted !== '' && (
        <span className="dim small number" role="status">
          {hits.length === 0
            ? 'No match'
            : `${at < 0 ? '' : `${at + 1} of `}${isLimited ? 'more than ' : ''}${hits.length.toLocaleString('en')}`}
        </span>
      )}
      <SearchStep label="Previous match" icon={<IconChevronUp size={16} />} onStep={() => go(-1)} />
      <SearchStep label="Next match" icon={<IconChevronDown size={16} />} onStep={() => go(1)} />
    </div>
  );
}

interface SearchStepProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onStep: () => void;
}

function SearchStep({ label, icon, onStep }: SearchStepProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={36} aria-label={label} onClick={onStep}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
