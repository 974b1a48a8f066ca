/**
 * A tree that is read as it is opened, directory by directory and page by page. Its rows lie flat
 * in the document with their level said, as the tree pattern of ARIA allows; one of them can be
 * reached by Tab, the arrow keys do the rest.
 */
import { type ImageFile, operations } from '@lazaret/protocol';
import { IconDots, IconFolderOff } from '@tabler/icons-react';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ListSkeleton } from '../../parts/query-view.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { visibleText } from '../../text/visible.ts';
import { FileRow, rowIndent } from './file-row.tsx';
import type { FileView } from './search.ts';
import { moveFocus } from './tree-keys.ts';
import { childTowards, isOnTheWay, parentKey, parentsOf } from './tree-paths.ts';
import { useImageAddress } from './use-image-search.ts';

const pageItems = 200;
/** How far the way to a selected file is looked for in one directory. */
const pagesSearched = 25;

interface FileTreeProps {
  readonly view: FileView;
  readonly layer: number;
  /** Its path; it is looked for and brought into sight when the tree appears. */
  readonly selected: string | undefined;
  readonly onSelect: (file: ImageFile) => void;
  /** The selected file was met in the tree. */
  readonly onFound: (file: ImageFile) => void;
}

interface Tree extends FileTreeProps {
  readonly open: ReadonlySet<string>;
  readonly toggle: (parent: string) => void;
}

const TreeContext = createContext<Tree | undefined>(undefined);

function useTree(): Tree {
  const tree = useContext(TreeContext);
  if (tree === undefined) throw new Error('a branch is shown inside a tree only');
  return tree;
}

export function FileTree(props: FileTreeProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const { selected } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(selected === undefined ? [''] : parentsOf(selected)),
  );
  const toggle = (parent: string): void => {
    const next = new Set(open);
    if (!next.delete(parent)) next.add(parent);
    setOpen(next);
  };
  return (
    <TreeContext value={{ ...props, open, toggle }}>
      <div
        ref={frame}
        className="file-tree"
        role="tree"
        aria-label="Files"
        // Its rows take the focus; by hand it never does.
        tabIndex={-1}
        onKeyDown={(event) => moveFocus(event, frame.current)}
      >
        <Branch parent="" level={1} />
      </div>
    </TreeContext>
  );
}

interface BranchProps {
  readonly parent: string;
  readonly level: number;
}

function Branch({ parent, level }: BranchProps): ReactNode {
  const { view, layer, selected, open } = useTree();
  const { digest, inProject } = useImageAddress();
  const where = { ...inProject, parent, view, ...(view === 'layer' ? { layer } : {}) };
  const { query, items } = usePages(['images.files', digest, where], (cursor, signal) =>
    client.call(
      operations.images.files,
      { params: { digest }, query: { ...where, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  const step = selected === undefined ? undefined : childTowards(parent, selected);
  const isFound = step !== undefined && items.some((entry) => isOnTheWay(entry, step));
  useFetchUntil(query, step === undefined || isFound);

  if (query.error !== null) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  if (query.data === undefined) return <ListSkeleton rows={level === 1 ? 8 : 2} />;
  if (items.length === 0 && level === 1) return <NoFiles view={view} />;
  return (
    <>
      {items.map((file, index) => (
        <Twig key={`${file.path} ${file.layer}`} file={file} level={level} isFirst={index === 0} />
      ))}
      {query.hasNextPage && (
        <button
          type="button"
          className="tree-row more-row"
          role="treeitem"
          aria-level={level}
          aria-selected={false}
          tabIndex={-1}
          style={rowIndent(level)}
          onClick={() => void query.fetchNextPage()}
        >
          <IconDots size={16} aria-hidden /> Show more of{' '}
          {parent === '' ? 'the root' : visibleText(parent)}
          {!open.has(parent) && '…'}
        </button>
      )}
    </>
  );
}

interface TwigProps {
  readonly file: ImageFile;
  readonly level: number;
  readonly isFirst: boolean;
}

/** An entry, and below it what it holds when it is open. */
function Twig({ file, level, isFirst }: TwigProps): ReactNode {
  const { open, toggle, selected, onSelect, onFound } = useTree();
  const key = parentKey(file);
  const isOpen = file.hasChildren && open.has(key);
  const isSelected = file.path === selected;
  const found = useRef(onFound);
  useEffect(() => {
    if (isSelected) found.current(file);
  }, [isSelected, file]);
  return (
    <>
      <FileRow
        file={file}
        level={level}
        isOpen={isOpen}
        isSelected={isSelected}
        isReachable={isSelected || (level === 1 && isFirst)}
        onToggle={() => toggle(key)}
        onSelect={() => onSelect(file)}
      />
      {isOpen && <Branch parent={key} level={level + 1} />}
    </>
  );
}

type Pages = Pick<
  ReturnType<typeof usePages>['query'],
  'data' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
>;

/** Reads on until what is looked for was met, within bounds. */
function useFetchUntil(query: Pages, isDone: boolean): void {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const pages = data?.pages.length ?? 0;
  useEffect(() => {
    if (isDone || !hasNextPage || isFetchingNextPage || pages >= pagesSearched) return;
    void fetchNextPage();
  }, [isDone, hasNextPage, isFetchingNextPage, fetchNextPage, pages]);
}

const emptyWords: Readonly<Record<FileView, string>> = {
  merged: 'A container of this image would start with an empty file system.',
  layer: 'This layer adds no file.',
  hidden: 'No layer removes or replaces a file of another one.',
};

function NoFiles({ view }: { readonly view: FileView }): ReactNode {
  return (
    <EmptyState icon={IconFolderOff} title="No files here" small>
      {emptyWords[view]}
    </EmptyState>
  );
}
