import { formatSize, type Image } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import { type Column } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Severities, VerdictBadge } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
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
    label: 'Platform',
    cell: ({ platform, distribution }) => (
      <div className="system-cell">
        {distribution !== null && <PlainText>{distribution}</PlainText>}
        <div className="dim small">
          <PlainText>{platform ?? 'unknown platform'}</PlainText>
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
  { label: 'Inspected', end: true, cell: ({ inspectedAt }) => <Timestamp at={inspectedAt} /> },
];

/** The name of an image, linking to its page. */
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
      <ImageName>{image.names[0] ?? shortDigest(image.digest)}</ImageName>
    </LinkAnchor>
  );
}

/** Project parameter for URLs, if there are several projects. */
export function useProjectSearch(project: string | undefined): { project?: string } {
  const { projects } = useIdentity();
  return project === undefined || projects.length < 2 ? {} : { project };
}
