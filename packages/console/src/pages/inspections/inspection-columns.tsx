import { escapeInvisible, type Inspection } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Duration } from '../../components/duration.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useProjectSearch } from '../images/image-columns.tsx';
import { InspectionBadge, platformText, progressText } from '../inspection/inspection-status.tsx';
import { inspectionLabel, inspectionTitle } from '../inspection/inspection-title.ts';
import { isEnded } from '../inspection/use-inspection.ts';

const imagesShown = 3;

export const inspectionColumns: readonly Column<Inspection>[] = [
  {
    label: 'Image',
    cell: (inspection) => (
      <div className="cell-name">
        <LinkAnchor
          to="/inspections/$id"
          params={{ id: inspection.id }}
          className="row-link"
          title={inspectionLabel(inspection)}
        >
          <ImageName>{inspectionTitle(inspection)}</ImageName>
        </LinkAnchor>
        <div className="small dim">
          <span className="mono">{inspection.id}</span>
          {inspection.archive !== null && (
            <span title={`artifact:${inspection.archive.sha256}`}>
              {' · '}
              <span className="mono">{inspection.archive.sha256.slice(0, 12)}</span>
            </span>
          )}
          {platformText(inspection) !== undefined && ` ${platformText(inspection)}`}
        </div>
      </div>
    ),
  },
  {
    label: 'State',
    cell: (inspection) => (
      <div>
        <InspectionBadge state={inspection.state} />
        <StateText inspection={inspection} />
      </div>
    ),
  },
  {
    label: 'Verdict',
    cell: (inspection) =>
      inspection.images.length === 0 ? null : <Verdicts inspection={inspection} />,
  },
  { label: 'Requested by', cell: ({ requestedBy }) => <PlainText>{requestedBy}</PlainText> },
  { label: 'Duration', end: true, cell: (inspection) => <Duration span={inspection} /> },
  { label: 'Requested', end: true, cell: ({ createdAt }) => <Timestamp at={createdAt} /> },
];

/** Progress, or the reason of the failure. */
function StateText({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { problem } = inspection;
  if (problem === null && isEnded(inspection)) return null;
  return (
    <div className="dim small state-detail">
      <PlainText>{problem?.detail ?? progressText(inspection)}</PlainText>
    </div>
  );
}

/** Verdict of each image, linking to the image. */
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
          title={escapeInvisible(platform ?? digest)}
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
