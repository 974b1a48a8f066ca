import { Button } from '@mantine/core';
import { type Inspection, operations, formatSize } from '@lazaret/protocol';
import { IconBan, IconRefresh } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';

import { useAction } from '../../data.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { HashLink } from '../../components/hash-link.tsx';
import { ImageName } from '../../components/image-name.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';
import { shortDigest } from '../../text/digest.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import {
  InspectionBadge,
  InspectionBar,
  inspectionStatuses,
  platformText,
} from './inspection-status.tsx';
import { inspectionLabel, inspectionTitle } from './inspection-title.ts';
import { isEnded, useInspection } from './use-inspection.ts';

/** An inspection; redirects to the image when it finishes while the page is open. */
export function InspectionPage(): ReactNode {
  const { id } = useParams({ from: '/shell/inspections/$id' });
  const query = useInspection(id);
  return (
    <QueryView query={query} rows={6}>
      {(inspection) => <InspectionView key={inspection.id} inspection={inspection} />}
    </QueryView>
  );
}

const problemTitles: Readonly<Record<NonNullable<Inspection['problem']>['code'], string>> = {
  not_found: 'Image not found',
  unauthorized: 'Access denied by the registry',
  unreachable: 'Registry unreachable',
  rate_limited: 'Registry rate limit reached',
  damaged: 'Corrupt image',
  unsupported: 'Unsupported image format',
  digest_mismatch: 'Digest mismatch',
  too_large: 'Image too large',
  no_such_platform: 'No image for this platform',
  time_limit: 'Time limit exceeded',
  lost: 'Inspection lost',
  internal: 'Internal error',
};

function InspectionView({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { state, problem, images, archive } = inspection;
  const title = inspectionLabel(inspection);
  useRedirectToImage(inspection);
  useEffect(() => {
    document.title = `${inspectionStatuses[state].label}: ${title} · Lazaret`;
  }, [state, title]);
  return (
    <>
      <header className="page-head">
        <div className="grow">
          <div className="eyebrow as-written">
            <LinkAnchor to="/inspections">Inspections</LinkAnchor> / {inspection.id}
          </div>
          <h1 className="break">
            <PlainText>{inspectionTitle(inspection)}</PlainText>
          </h1>
          <div className="row job-state">
            <InspectionBadge state={state} large />
            <span className="dim">{platformText(inspection) ?? 'default platform'}</span>
          </div>
        </div>
        <Actions inspection={inspection} />
      </header>
      <div className="stack">
        {problem !== null && (
          <Notice tone="failed" title={problemTitles[problem.code]}>
            <p>
              <PlainText>{problem.detail}</PlainText>
            </p>
          </Notice>
        )}
        {!isEnded(inspection) && (
          <Panel title="Progress">
            <InspectionBar inspection={inspection} />
          </Panel>
        )}
        {images.length > 0 && <InspectedImages inspection={inspection} />}
        <Panel title="Request">
          <dl className="fields">
            <Field label="Requested">
              <Timestamp at={inspection.createdAt} />
            </Field>
            <Field label="Requested by">{inspection.requestedBy}</Field>
            <Field label="Project">{inspection.project}</Field>
            {archive !== null && (
              <Field label="Archive">
                {formatSize(archive.sizeBytes)} <HashLink sha256={archive.sha256} chars={12} />
              </Field>
            )}
            <Field label="Started">
              <Timestamp at={inspection.startedAt} missing="Not started" />
            </Field>
            <Field label="Finished">
              <Timestamp at={inspection.finishedAt} missing="Not finished" />
            </Field>
            <Field label="Attempts">{inspection.attempts}</Field>
            <Field label="Force rescan">{inspection.force ? 'yes' : 'no'}</Field>
          </dl>
        </Panel>
      </div>
    </>
  );
}

/** Redirects once to the only image if the inspection finished while the page was open. */
function useRedirectToImage(inspection: Inspection): void {
  const navigate = useNavigate();
  const sawRunning = useRef(false);
  const search = useProjectSearch(inspection.project);
  const { images, state } = inspection;
  const [first] = images;
  useEffect(() => {
    if (!isEnded(inspection)) sawRunning.current = true;
    else if (sawRunning.current && state === 'finished' && images.length === 1 && first) {
      const params = { digest: first.digest };
      void navigate({ to: '/images/$digest', params, search, replace: true });
    }
  }, [inspection, state, images.length, first, navigate, search]);
}

function InspectedImages({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const search = useProjectSearch(inspection.project);
  return (
    <Panel title="Images" flush>
      <ul className="job-rows">
        {inspection.images.map(({ digest, name, platform, verdict, known }) => (
          <li key={digest} className="job-row">
            <VerdictBadge state={verdict} />
            <div className="grow">
              <LinkAnchor to="/images/$digest" params={{ digest }} search={search}>
                {name === null ? (
                  <span className="mono">{shortDigest(digest)}</span>
                ) : (
                  <ImageName>{name}</ImageName>
                )}
              </LinkAnchor>
              <div className="dim small">
                {name !== null && <span className="mono">{shortDigest(digest)} </span>}
                <PlainText>{platform ?? 'unknown platform'}</PlainText>
                {known && ', cached (same signatures)'}
              </div>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Actions({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  const navigate = useNavigate();
  const refreshes = [operations.inspections.show, operations.inspections.list];
  const cancel = useAction(operations.inspections.cancel, { refreshes });
  const again = useAction(operations.images.inspect, {
    refreshes,
    onDone: ({ id }) => void navigate({ to: '/inspections/$id', params: { id } }),
  });
  if (!mayInspect) return null;
  if (!isEnded(inspection)) {
    return (
      <ConfirmButton
        label="Cancel the inspection"
        question="Cancel this inspection?"
        icon={<IconBan size={16} />}
        busy={cancel.isPending}
        onConfirm={() => cancel.mutate({ params: { id: inspection.id } })}
      >
        Partial results are discarded.
      </ConfirmButton>
    );
  }
  const { reference, platform, project } = inspection;
  return (
    <Button
      variant="default"
      leftSection={<IconRefresh size={16} />}
      loading={again.isPending}
      onClick={() => again.mutate({ body: { reference, platform, project, force: true } })}
    >
      Inspect again
    </Button>
  );
}
