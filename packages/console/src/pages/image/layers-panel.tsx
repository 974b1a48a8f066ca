import { formatSize, type ImageDetail, type ReportLayer } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { Copyable } from '../../parts/copy.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { layerLooks } from '../../text/image-words.ts';
import { useImageAddress } from './use-image-search.ts';

const digestChars = 19;

const columns: readonly Column<ReportLayer>[] = [
  {
    label: 'Layer',
    cell: ({ index, createdBy }) => (
      <div className="layer-cell">
        <strong className="number">{index}</strong>
        <div className="mono small break clamp wide-clamp">
          {createdBy === undefined ? (
            <span className="dim">made by a step that the image does not tell</span>
          ) : (
            <PlainText>{createdBy}</PlainText>
          )}
        </div>
      </div>
    ),
  },
  {
    label: 'Examined',
    cell: ({ state }) => (
      <span className={`state tone-${layerLooks[state].tone}`}>{layerLooks[state].word}</span>
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
        {digest === undefined && diffId === undefined && <span className="dim">not read</span>}
      </div>
    ),
  },
];

/** The layers, the lowest first. */
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
  const { digest, inProject } = useImageAddress();
  return (
    <LinkAnchor
      to="/images/$digest"
      params={{ digest }}
      search={{ ...inProject, tab: 'files', view: 'layer', layer: String(layer.index) }}
      resetScroll={false}
      className="number"
      aria-label={`${layer.files} files of layer ${layer.index}`}
    >
      {layer.files.toLocaleString('en')}
    </LinkAnchor>
  );
}
