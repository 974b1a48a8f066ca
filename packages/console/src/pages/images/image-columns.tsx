import { formatSize, type Image } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { type Column } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { Severities, VerdictBadge } from '../../parts/verdict-badge.tsx';
import { When } from '../../parts/when.tsx';
import { useIdentity } from '../../session.ts';
import { imageTitle, shortDigest } from '../../text/digest.ts';

export const imageColumns: readonly Column<Image>[] = [
  {
    label: 'Image',
    cell: (image) => (
      <div className="cell-name">
        <ImageLink image={image} />
        {image.names.length > 1 && <span className="dim"> and {image.names.length - 1} more</span>}
        <div className="mono small dim">{shortDigest(image.digest)}</div>
      </div>
    ),
  },
  { label: 'Verdict', cell: ({ verdict }) => <VerdictBadge state={verdict} /> },
  { label: 'Findings', cell: ({ findings }) => <Severities counts={findings} /> },
  {
    label: 'System',
    cell: ({ platform, distribution }) => (
      <div className="system-words">
        {distribution !== null && <PlainText>{distribution}</PlainText>}
        <div className="dim small">
          <PlainText>{platform ?? 'platform unknown'}</PlainText>
        </div>
      </div>
    ),
  },
  {
    label: 'Packages',
    end: true,
    cell: ({ packages }) => <span className="number">{packages.toLocaleString('en')}</span>,
  },
  {
    label: 'Size',
    end: true,
    cell: ({ sizeBytes }) => <span className="number nowrap">{formatSize(sizeBytes)}</span>,
  },
  { label: 'Inspected', end: true, cell: ({ inspectedAt }) => <When at={inspectedAt} /> },
];

/** The name of an image, leading to its page. */
export function ImageLink({ image }: { readonly image: Image }): ReactNode {
  const search = useProjectSearch(image.project);
  return (
    <LinkAnchor
      to="/images/$digest"
      params={{ digest: image.digest }}
      search={search}
      className="row-link"
      title={imageTitle(image)}
    >
      <PlainText>{image.names[0] ?? shortDigest(image.digest)}</PlainText>
    </LinkAnchor>
  );
}

/** The project for addresses, where there is a choice. */
export function useProjectSearch(project: string | undefined): { project?: string } {
  const { projects } = useIdentity();
  return project === undefined || projects.length < 2 ? {} : { project };
}
