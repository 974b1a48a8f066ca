import { formatSize, type QuarantineItem } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { ImageName } from '../../components/image-name.tsx';
import { Copyable } from '../../components/copy.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { ItemStateBadge } from './statuses.tsx';

const digestChars = 19;

export const itemColumns: readonly Column<QuarantineItem>[] = [
  { label: 'Image', cell: (item) => <Name item={item} /> },
  {
    label: 'Digest',
    cell: ({ digest }) => <Copyable value={digest} label="the digest" chars={digestChars} />,
  },
  {
    label: 'State',
    cell: ({ state, action }) => (
      <div>
        <ItemStateBadge state={state} />
        {action !== null && action.problem !== null && (
          <div className="dim small state-detail break">
            <PlainText>{action.problem.detail}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Reason',
    cell: ({ reason, createdBy }) => (
      <div className="break">
        <PlainText>{reason}</PlainText>
        <div className="dim small">by {createdBy}</div>
      </div>
    ),
  },
  { label: 'Evidence', end: true, cell: ({ sizeBytes }) => formatSize(sizeBytes) },
  { label: 'Since', end: true, cell: ({ createdAt }) => <Timestamp at={createdAt} /> },
];

function Name({ item }: { readonly item: QuarantineItem }): ReactNode {
  const { id, repository, tags, registry } = item;
  return (
    <div className="cell-name">
      <LinkAnchor to="/quarantine/$id" params={{ id }} className="row-link">
        <ImageName>{imageNameOf(repository, tags[0])}</ImageName>
      </LinkAnchor>
      <div className="small dim break">
        {registry}
        {tags.length > 1 && (
          <>
            {' · also '}
            <PlainText>{tags.slice(1).join(', ')}</PlainText>
          </>
        )}
      </div>
    </div>
  );
}
