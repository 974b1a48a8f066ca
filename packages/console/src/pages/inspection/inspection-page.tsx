import { Button } from '@mantine/core';
import { type Inspection, operations } from '@lazaret/protocol';
import { IconBan, IconRefresh } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';

import { useAction } from '../../data.ts';
import { ConfirmButton } from '../../parts/confirm-button.tsx';
import { Fact } from '../../parts/fact.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { VerdictBadge } from '../../parts/verdict-badge.tsx';
import { When } from '../../parts/when.tsx';
import { useAllowed } from '../../session.ts';
import { shortDigest } from '../../text/digest.ts';
import { visibleText } from '../../text/visible.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { InspectionBadge, InspectionBar, inspectionLooks } from './inspection-state.tsx';
import { isOver, useInspection } from './use-inspection.ts';

/** An inspection under way; who watched it to its end is led to the image. */
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
  not_found: 'There is no such image',
  unauthorized: 'The registry refused access',
  unreachable: 'The registry cannot be reached',
  rate_limited: 'The registry allows no more requests for now',
  damaged: 'The image is damaged',
  unsupported: 'The image has a format that is not understood',
  digest_mismatch: 'The registry sent something else than was asked for',
  too_large: 'The image is too large',
  no_such_platform: 'The image does not exist for this platform',
  time_limit: 'The inspection took too long',
  lost: 'The inspector ended in the middle of it',
  internal: 'The inspection failed',
};

function InspectionView({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { reference, state, problem, images } = inspection;
  useLeadToImage(inspection);
  useEffect(() => {
    document.title = `${inspectionLooks[state].word}: ${visibleText(reference)} · Lazaret`;
  }, [state, reference]);
  return (
    <>
      <header className="page-head">
        <div className="grow">
          <div className="eyebrow as-written">
            <LinkAnchor to="/inspections">Inspections</LinkAnchor> / {inspection.id}
          </div>
          <h1 className="break">
            <PlainText>{reference}</PlainText>
          </h1>
          <div className="row job-state">
            <InspectionBadge state={state} large />
            <span className="dim">platform {inspection.platform}</span>
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
        {!isOver(inspection) && (
          <Panel title="Progress">
            <InspectionBar inspection={inspection} />
          </Panel>
        )}
        {images.length > 0 && <ImagesFound inspection={inspection} />}
        <Panel title="Request">
          <dl className="facts">
            <Fact term="Asked for">
              <When at={inspection.createdAt} />
            </Fact>
            <Fact term="By">{inspection.requestedBy}</Fact>
            <Fact term="Project">{inspection.project}</Fact>
            <Fact term="Begun">
              <When at={inspection.startedAt} />
            </Fact>
            <Fact term="Ended">
              <When at={inspection.finishedAt} />
            </Fact>
            <Fact term="Attempts">{inspection.attempts}</Fact>
            <Fact term="Anew">{inspection.force ? 'yes' : 'when something changed'}</Fact>
          </dl>
        </Panel>
      </div>
    </>
  );
}

/** Leads to the only image, once, when this page saw the inspection end. */
function useLeadToImage(inspection: Inspection): void {
  const navigate = useNavigate();
  const sawItRun = useRef(false);
  const search = useProjectSearch(inspection.project);
  const { images, state } = inspection;
  const [first] = images;
  useEffect(() => {
    if (!isOver(inspection)) sawItRun.current = true;
    else if (sawItRun.current && state === 'finished' && images.length === 1 && first) {
      const params = { digest: first.digest };
      void navigate({ to: '/images/$digest', params, search, replace: true });
    }
  }, [inspection, state, images.length, first, navigate, search]);
}

function ImagesFound({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const search = useProjectSearch(inspection.project);
  return (
    <Panel title="Images" flush>
      <ul className="job-rows">
        {inspection.images.map(({ digest, platform, verdict, known }) => (
          <li key={digest} className="job-row">
            <VerdictBadge state={verdict} />
            <div className="grow">
              <LinkAnchor to="/images/$digest" params={{ digest }} search={search}>
                <span className="mono">{shortDigest(digest)}</span>
              </LinkAnchor>
              <div className="dim small">
                <PlainText>{platform ?? 'platform unknown'}</PlainText>
                {known && ', known already with these signatures'}
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
  if (!isOver(inspection)) {
    return (
      <ConfirmButton
        label="Cancel the inspection"
        question="Cancel this inspection?"
        icon={<IconBan size={16} />}
        busy={cancel.isPending}
        onConfirm={() => cancel.mutate({ params: { id: inspection.id } })}
      >
        What was read so far is not shown. Asking again begins anew.
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
