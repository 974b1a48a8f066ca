/**
 * An archive as a tree, loaded level by level, and the selected member. Nothing is extracted;
 * paths of the archive are shown as text.
 */
import { TextInput } from '@mantine/core';
import {
  type ArchiveItem,
  type ArchivePage,
  formatSize,
  operations,
  plural,
} from '@lazaret/protocol';
import { IconFileSearch, IconSearch } from '@tabler/icons-react';
import { Fragment, type ReactNode, useRef, useState } from 'react';

import { client } from '../client.ts';
import { EmptyState } from '../components/empty-state.tsx';
import { MoreRow } from '../components/more-row.tsx';
import { Notice, ProblemNotice } from '../components/notice.tsx';
import { PlainText } from '../components/plain-text.tsx';
import { ListSkeleton } from '../components/query-view.tsx';
import { moveFocus } from '../components/tree-keys.ts';
import { usePages } from '../data.ts';
import { ArchiveRow } from './archive-row.tsx';
import { type ArchiveAddress, type ContentSource, memberSource } from './source.ts';

const pageItems = 500;

export type OpenArchive = (archive: ArchiveAddress, name: string) => void;

interface ArchiveViewProps {
  readonly archive: ArchiveAddress;
  readonly name: string;
  /** Shows the content of a member; `open` replaces this archive by a nested one. */
  readonly renderMember: (source: ContentSource, open: OpenArchive) => ReactNode;
}

interface Opened {
  readonly address: ArchiveAddress;
  readonly name: string;
}

/** An archive; archives inside it replace it when opened, with a path to go back. */
export function ArchiveView({ archive, name, renderMember }: ArchiveViewProps): ReactNode {
  const [way, setWay] = useState<readonly Opened[]>([{ address: archive, name }]);
  const shown = way.at(-1) ?? { address: archive, name };
  return (
    <div className="stack tight">
      {way.length > 1 && (
        <nav className="archive-way small" aria-label="Archives">
          {way.map((one, index) => (
            <span key={index}>
              {index > 0 && <span className="dim"> › </span>}
              {index === way.length - 1 ? (
                <strong>
                  <PlainText>{one.name}</PlainText>
                </strong>
              ) : (
                <button
                  type="button"
                  className="link-button"
                  onClick={() => setWay(way.slice(0, index + 1))}
                >
                  <PlainText>{one.name}</PlainText>
                </button>
              )}
            </span>
          ))}
        </nav>
      )}
      <OneArchive
        key={shown.address.inside.join('.')}
        archive={shown.address}
        onOpen={(address, inner) => setWay([...way, { address, name: inner }])}
        renderMember={renderMember}
      />
    </div>
  );
}

interface OneArchiveProps extends Pick<ArchiveViewProps, 'archive' | 'renderMember'> {
  readonly onOpen: OpenArchive;
}

function OneArchive({ archive, onOpen, renderMember }: OneArchiveProps): ReactNode {
  const [text, setText] = useState('');
  const [selected, setSelected] = useState<ArchiveItem>();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const frame = useRef<HTMLDivElement>(null);
  const wanted = text.trim();
  const tree: Tree = {
    ...{ archive, open, selected, text: wanted, onSelect: setSelected },
    onToggle: (path) => {
      const next = new Set(open);
      if (!next.delete(path)) next.add(path);
      setOpen(next);
    },
  };
  return (
    <>
      <ArchiveFacts archive={archive} />
      <div className="files-grid archive-grid">
        <div className="stack tight">
          <TextInput
            aria-label="Part of a path in the archive"
            placeholder="Part of a path in the archive"
            leftSection={<IconSearch size={16} />}
            value={text}
            spellCheck={false}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <div
            ref={frame}
            className="file-tree"
            role="tree"
            aria-label="Members of the archive"
            tabIndex={-1}
            onKeyDown={(event) => moveFocus(event, frame.current)}
          >
            <Branch key={wanted} tree={tree} directory="" level={1} />
          </div>
        </div>
        <SelectedMember
          archive={archive}
          onOpen={onOpen}
          renderMember={renderMember}
          item={selected}
        />
      </div>
    </>
  );
}

interface Tree {
  readonly archive: ArchiveAddress;
  readonly open: ReadonlySet<string>;
  readonly selected: ArchiveItem | undefined;
  /** All members whose path contains it, instead of the tree. */
  readonly text: string;
  readonly onSelect: (item: ArchiveItem) => void;
  readonly onToggle: (path: string) => void;
}

function useMembers(archive: ArchiveAddress, ask: { directory?: string; text?: string }) {
  const { sha256, inside } = archive;
  const query = { ...ask, ...(inside.length === 0 ? {} : { inside: [...inside] }) };
  return usePages<ArchiveItem>(['artifacts.members', sha256, query], (cursor, signal) =>
    client.call(
      operations.artifacts.members,
      { params: { sha256 }, query: { ...query, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
}

/** Format, size, missing members and anomalies. */
function ArchiveFacts({ archive }: { readonly archive: ArchiveAddress }): ReactNode {
  const { query } = useMembers(archive, { directory: '' });
  const page = query.data?.pages[0] as ArchivePage | undefined;
  if (page === undefined) return null;
  const { format, members, totalBytes, gaps, notes } = page.archive;
  return (
    <>
      <p className="dim small">
        {format} archive, {plural(members, 'member')}, {formatSize(totalBytes)} unpacked
      </p>
      {gaps.length > 0 && (
        <Notice tone="warning" title="The list of members is not complete">
          <Lines lines={gaps} />
        </Notice>
      )}
      {notes.length > 0 && (
        <Notice tone="warning" title="The archive has anomalies">
          <Lines lines={notes.slice(0, 10)} />
          {notes.length > 10 && <p>{plural(notes.length - 10, 'more note')}</p>}
        </Notice>
      )}
    </>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }): ReactNode {
  return lines.map((line) => (
    <p key={line} className="break">
      <PlainText>{line}</PlainText>
    </p>
  ));
}

interface BranchProps {
  readonly tree: Tree;
  readonly directory: string;
  readonly level: number;
}

function Branch({ tree, directory, level }: BranchProps): ReactNode {
  const ask = tree.text === '' ? { directory } : { text: tree.text };
  const { query, items } = useMembers(tree.archive, ask);
  if (query.error !== null) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  if (query.data === undefined) return <ListSkeleton rows={level === 1 ? 8 : 2} />;
  if (items.length === 0 && level === 1) {
    return <p className="dim small tree-empty">{tree.text === '' ? 'Empty' : 'No match'}</p>;
  }
  return (
    <>
      {items.map((item, index) => {
        const isOpen = item.type === 'directory' && tree.open.has(item.path);
        const isSelected = tree.selected?.position === item.position && item.position !== null;
        return (
          <div key={`${item.path} ${item.position ?? ''}`} role="none">
            <ArchiveRow
              item={item}
              level={level}
              isOpen={isOpen}
              isSelected={isSelected}
              isReachable={isSelected || (level === 1 && index === 0)}
              onUse={() =>
                item.type === 'directory' ? tree.onToggle(item.path) : tree.onSelect(item)
              }
            />
            {isOpen && <Branch tree={tree} directory={item.path} level={level + 1} />}
          </div>
        );
      })}
      {query.hasNextPage && (
        <MoreRow level={level} directory={directory} onUse={() => void query.fetchNextPage()} />
      )}
    </>
  );
}

interface SelectedMemberProps extends OneArchiveProps {
  readonly item: ArchiveItem | undefined;
}

function SelectedMember(props: SelectedMemberProps): ReactNode {
  const { archive, onOpen, renderMember, item } = props;
  if (item === undefined || item.position === null) {
    return (
      <EmptyState icon={IconFileSearch} title="No member selected" small>
        Select a file to see its content.
      </EmptyState>
    );
  }
  if (item.type !== 'file') {
    return (
      <Notice tone="moving" title={item.type === 'special' ? 'Special file' : 'Link'}>
        <p className="break">
          <PlainText>{item.path}</PlainText>
          {item.linkTarget !== null && (
            <>
              {' → '}
              <PlainText>{item.linkTarget}</PlainText>
            </>
          )}
        </p>
      </Notice>
    );
  }
  const source = memberSource(archive, { ...item, position: item.position });
  return <Fragment key={source.key}>{renderMember(source, onOpen)}</Fragment>;
}
