import { formatSize, type ImageDetail, type ReportLayer, plural } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { layerStatuses } from '../../text/image-labels.ts';
import { useImagePage } from './use-image-page.ts';

const digestChars = 19;

const columns: readonly Column<ReportLayer>[] = [
  {
    label: 'Layer',
    cell: ({ index, createdBy }) => (
      <div className="layer-cell">
        <strong className="number">{index}</strong>
        <div className="mono small break clamp wide-clamp">
          {createdBy === undefined ? (
            <span className="dim">unknown build step</span>
          ) : (
            <PlainText>{createdBy}</PlainText>
          )}
        </div>
      </div>
    ),
  },
  {
    label: 'State',
    cell: ({ state }) => (
      <span className={`state tone-${layerStatuses[state].tone}`}>
        {layerStatuses[state].label}
      </span>
    ),
  },
  { label: 'Files', end: true, cell: (layer) => <LayerFiles layer={layer} /> },
  {
    label: 'Stored',
    end: true,
    cell: ({ sizeBytes, compression }) => (
      <span className="number nowrap">
        {sizeBytes === undefined ? '–' : formatSize(sizeBytes)}
        {compression !== undefined && <div className="dim small">{compression}</div>}
      </span>
    ),
  },
  {
    label: 'Unpacked',
    end: true,
    cell: ({ tarBytes }) => (
      <span className="number nowrap">{tarBytes === undefined ? '–' : formatSize(tarBytes)}</span>
    ),
  },
  {
    label: 'Digest and diffID',
    cell: ({ digest, diffId }) => (
      <div className="small">
        {digest !== undefined && <Copyable value={digest} label="the digest" chars={digestChars} />}
        {diffId !== undefined && (
          <div className="dim">
            <Copyable value={diffId} label="the diffID" chars={digestChars} />
          </div>
        )}
        {digest === undefined && diffId === undefined && <span className="dim">unknown</span>}
      </div>
    ),
  },
];

/** The layers, lowest first. */
export function LayersPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  return (
    <DataTable
      label="Layers"
      columns={columns}
      rows={image.layers}
      rowKey={({ index }) => String(index)}
    />
  );
}

function LayerFiles({ layer }: { readonly layer: ReportLayer }): ReactNode {
  const { digest, inProject } = useImagePage();
  return (
    <LinkAnchor
      to="/images/$digest"
      params={{ digest }}
      search={{ ...inProject, tab: 'files', view: 'layer', layer: String(layer.index) }}
      resetScroll={false}
      className="number"
      aria-label={`${plural(layer.files, 'file')} of layer ${layer.index}`}
    >
      {layer.files.toLocaleString('en')}
    </LinkAnchor>
  );
}
