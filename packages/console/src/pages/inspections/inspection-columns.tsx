import type { Inspection } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import type { Column } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { Took } from '../../parts/took.tsx';
import { VerdictBadge } from '../../parts/verdict-badge.tsx';
import { When } from '../../parts/when.tsx';
import { visibleText } from '../../text/visible.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { InspectionBadge, progressWords } from '../inspection/inspection-state.tsx';
import { isOver } from '../inspection/use-inspection.ts';

const imagesShown = 3;

export const inspectionColumns: readonly Column<Inspection>[] = [
  {
    label: 'Image',
    cell: ({ id, reference, platform }) => (
      <div className="cell-name">
        <LinkAnchor
          to="/inspections/$id"
          params={{ id }}
          className="row-link"
          title={visibleText(reference)}
        >
          <PlainText>{reference}</PlainText>
        </LinkAnchor>
        <div className="small dim">
          <span className="mono">{id}</span>
          {platform !== 'default' && ` · ${platform}`}
        </div>
      </div>
    ),
  },
  {
    label: 'State',
    cell: (inspection) => (
      <div>
        <InspectionBadge state={inspection.state} />
        <StateWords inspection={inspection} />
      </div>
    ),
  },
  {
    label: 'Verdict',
    cell: (inspection) =>
      inspection.images.length === 0 ? null : <Verdicts inspection={inspection} />,
  },
  { label: 'By', cell: ({ requestedBy }) => <PlainText>{requestedBy}</PlainText> },
  { label: 'Took', end: true, cell: (inspection) => <Took span={inspection} /> },
  { label: 'Asked for', end: true, cell: ({ createdAt }) => <When at={createdAt} /> },
];

/** How far it is, or why nothing came of it. */
function StateWords({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { problem } = inspection;
  if (problem === null && isOver(inspection)) return null;
  return (
    <div className="dim small state-words">
      <PlainText>{problem?.detail ?? progressWords(inspection)}</PlainText>
    </div>
  );
}

/** Of each image that was found; a verdict leads to its image. */
function Verdicts({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const search = useProjectSearch(inspection.project);
  const { images } = inspection;
  return (
    <span className="row tight">
      {images.slice(0, imagesShown).map(({ digest, platform, verdict }) => (
        <LinkAnchor
          key={digest}
          to="/images/$digest"
          params={{ digest }}
          search={search}
          title={visibleText(platform ?? digest)}
        >
          <VerdictBadge state={verdict} />
        </LinkAnchor>
      ))}
      {images.length > imagesShown && (
        <span className="dim small">+{images.length - imagesShown}</span>
      )}
    </span>
  );
}
