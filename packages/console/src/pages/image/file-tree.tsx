/**
 * A lazily loaded tree, directory by directory and page by page. The rows are a flat list with
 * `aria-level`, as the ARIA tree pattern allows; one row is reachable by Tab, the others by the
 * arrow keys.
 */
import { type ImageFile, operations } from '@lazaret/protocol';
import { IconFolderOff } from '@tabler/icons-react';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';

import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { MoreRow } from '../../components/more-row.tsx';
import { ListSkeleton } from '../../components/query-view.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { moveFocus } from '../../components/tree-keys.ts';
import { FileRow } from './file-row.tsx';
import type { FileView } from './search.ts';
import { childTowards, leadsTo, parentKey, parentsOf } from './tree-paths.ts';
import { useImagePage } from './use-image-page.ts';

const pageItems = 200;
/** Pages of one directory that are searched for the selected file. */
const pagesSearched = 25;

interface FileTreeProps {
  readonly view: FileView;
  readonly layer: number;
  /** Path of the selected file; it is located and scrolled into view when the tree is shown. */
  readonly selected: string | undefined;
  readonly onSelect: (file: ImageFile) => void;
  /** Called when the selected file is found in the tree. */
  readonly onFound: (file: ImageFile) => void;
}

interface Tree extends FileTreeProps {
  readonly open: ReadonlySet<string>;
  readonly toggle: (parent: string) => void;
}

const TreeContext = createContext<Tree | undefined>(undefined);

function useTree(): Tree {
  const tree = useContext(TreeContext);
  if (tree === undefined) throw new Error('a tree level must be inside a file tree');
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
        // The rows take the focus, not the tree.
        tabIndex={-1}
        onKeyDown={(event) => moveFocus(event, frame.current)}
      >
        <TreeLevel parent="" level={1} />
      </div>
    </TreeContext>
  );
}

interface TreeLevelProps {
  readonly parent: string;
  readonly level: number;
}

function TreeLevel({ parent, level }: TreeLevelProps): ReactNode {
  const { view, layer, selected } = useTree();
  const { digest, inProject } = useImagePage();
  const where = { ...inProject, parent, view, ...(view === 'layer' ? { layer } : {}) };
  const { query, items } = usePages(['images.files', digest, where], (cursor, signal) =>
    client.call(
      operations.images.files,
      { params: { digest }, query: { ...where, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  const step = selected === undefined ? undefined : childTowards(parent, selected);
  const isFound = step !== undefined && items.some((entry) => leadsTo(entry, step));
  useFetchUntil(query, step === undefined || isFound);

  if (query.error !== null) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  if (query.data === undefined) return <ListSkeleton rows={level === 1 ? 8 : 2} />;
  if (items.length === 0 && level === 1) return <NoFiles view={view} />;
  return (
    <>
      {items.map((file, index) => (
        <TreeNode
          key={`${file.path} ${file.layer}`}
          file={file}
          level={level}
          isFirst={index === 0}
        />
      ))}
      {query.hasNextPage && (
        <MoreRow level={level} directory={parent} onUse={() => void query.fetchNextPage()} />
      )}
    </>
  );
}

interface TreeNodeProps {
  readonly file: ImageFile;
  readonly level: number;
  readonly isFirst: boolean;
}

/** An entry, and its children when it is open. */
function TreeNode({ file, level, isFirst }: TreeNodeProps): ReactNode {
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
      {isOpen && <TreeLevel parent={key} level={level + 1} />}
    </>
  );
}

type Pages = Pick<
  ReturnType<typeof usePages>['query'],
  'data' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
>;

/** Loads pages until the searched entry is found, within bounds. */
function useFetchUntil(query: Pages, isDone: boolean): void {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const pages = data?.pages.length ?? 0;
  useEffect(() => {
    if (isDone || !hasNextPage || isFetchingNextPage || pages >= pagesSearched) return;
    void fetchNextPage();
  }, [isDone, hasNextPage, isFetchingNextPage, fetchNextPage, pages]);
}

const emptyText: Readonly<Record<FileView, string>> = {
  merged: 'The file system of this image is empty.',
  layer: 'This layer adds no files.',
  hidden: 'No layer removes or replaces files of an earlier layer.',
};

function NoFiles({ view }: { readonly view: FileView }): ReactNode {
  return (
    <EmptyState icon={IconFolderOff} title="No files" small>
      {emptyText[view]}
    </EmptyState>
  );
}
