import { type Image, operations } from '@lazaret/protocol';
import { IconPackages } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../components/router-link.tsx';
import { Severities, VerdictBadge } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';
import { shortDigest } from '../../text/digest.ts';
import { useProjectSearch } from '../images/image-columns.tsx';

const shown = 5;

/** The most recently inspected images with their verdicts. */
export function ImagesPanel(): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  const query = useOperation(
    operations.images.list,
    { query: { limit: shown } },
    { refetchMs: 15_000 },
  );
  return (
    <Panel
      title="Images"
      flush
      actions={
        <LinkAnchor to="/images" size="sm">
          All<span className="visually-hidden"> images</span>
        </LinkAnchor>
      }
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={IconPackages}
              title="No images yet"
              small
              {...(mayInspect
                ? { action: <LinkButton to="/images/inspect">Inspect an image</LinkButton> }
                : {})}
            />
          ) : (
            <ul className="job-rows">
              {items.map((image) => (
                <ImageRow key={`${image.project} ${image.digest}`} image={image} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function ImageRow({ image }: { readonly image: Image }): ReactNode {
  const search = useProjectSearch(image.project);
  return (
    <li className="job-row">
      <VerdictBadge state={image.verdict} />
      <div className="grow">
        <Link
          to="/images/$digest"
          params={{ digest: image.digest }}
          search={search}
          className="job-row-name"
        >
          <ImageName>{image.names[0] ?? shortDigest(image.digest)}</ImageName>
        </Link>
        <div className="small">
          <Severities counts={image.findings} />
        </div>
      </div>
      <div className="job-row-time small dim">
        <Timestamp at={image.inspectedAt} />
      </div>
    </li>
  );
}
