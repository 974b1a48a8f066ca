import { SegmentedControl, Select } from '@mantine/core';
import { type ImageDetail, type ImageFile, escapeInvisible } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';

import { FileDetails } from './file-details.tsx';
import { FileTree } from './file-tree.tsx';
import { fileViews, type FileView } from './search.ts';
import { useImagePage } from './use-image-page.ts';

const viewLabels: Readonly<Record<FileView, string>> = {
  merged: 'Merged',
  layer: 'By layer',
  hidden: 'Hidden',
};
const labelChars = 70;

/** The file tree and the details of the selected file. */
export function FilesPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const { search, change } = useImagePage();
  const view = fileViews.find((name) => name === search.view) ?? 'merged';
  const layer = Math.min(Number(search.layer ?? 0), Math.max(0, image.layers.length - 1));
  const [selected, setSelected] = useState<ImageFile>();
  const shown = selected?.path === search.path ? selected : undefined;
  return (
    <div className="panel-body stack">
      <div className="row">
        <SegmentedControl
          aria-label="View"
          className="view-switch"
          value={view}
          onChange={(next) => {
            setSelected(undefined);
            change({ view: next === 'merged' ? undefined : next, layer: undefined });
          }}
          data={fileViews.map((value) => ({ value, label: viewLabels[value] }))}
        />
        {view === 'layer' && (
          <Select
            aria-label="Layer"
            className="layer-select"
            data={image.layers.map(({ index, createdBy }) => ({
              value: String(index),
              label: escapeInvisible(`${index}  ${createdBy ?? ''}`.slice(0, labelChars)),
            }))}
            value={String(layer)}
            allowDeselect={false}
            onChange={(next) => {
              setSelected(undefined);
              change({ layer: next ?? '0' });
            }}
          />
        )}
      </div>
      <div className="files-grid">
        <FileTree
          key={`${view} ${view === 'layer' ? layer : ''}`}
          view={view}
          layer={layer}
          selected={search.path}
          onSelect={(file) => {
            setSelected(file);
            change({ path: file.path });
          }}
          onFound={setSelected}
        />
        <FileDetails file={shown} path={search.path} />
      </div>
    </div>
  );
}
