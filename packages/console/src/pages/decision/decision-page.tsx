import {
  operations,
  type DecidedAction,
  type DecisionDetail,
  type DecisionTrigger,
  type JudgedImage,
  type UsedException,
} from '@lazaret/protocol';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { useOperation } from '../../data.ts';
import { actionLabels, PolicyVerdictBadge } from '../decisions/decision-status.tsx';
import { EffectView } from '../decisions/effect.tsx';
import { PolicyLink } from '../decisions/policy-link.tsx';
import { useProjectSearch } from '../images/image-columns.tsx';
import { RulesPanel } from './rules-panel.tsx';

const refetchMs = 10_000;
const digestChars = 19;

/** A decision with its inputs, matched rules and evidence. */
export function DecisionPage(): ReactNode {
  const { id } = useParams({ from: '/shell/decisions/$id' });
  const query = useOperation(operations.decisions.show, { params: { id } }, { refetchMs });
  return (
    <QueryView query={query} rows={10}>
      {(decision) => <DecisionView decision={decision} />}
    </QueryView>
  );
}

interface DecisionProps {
  readonly decision: DecisionDetail;
}

function DecisionView({ decision }: DecisionProps): ReactNode {
  const { repository, tags, digest, inForce, registry, actions, exceptions, images } = decision;
  const search = useProjectSearch(decision.project);
  const [tag] = tags;
  return (
    <>
      <PageHeader
        title={imageNameOf(repository, tag)}
        eyebrow={<LinkAnchor to="/decisions">Decisions</LinkAnchor>}
      >
        <Copyable value={digest} label="the digest" />
      </PageHeader>
      <div className="stack">
        {!inForce && (
          <Notice tone="moving" title="This decision was replaced">
            <LinkAnchor to="/decisions" search={{ ...search, registry, repository, digest }}>
              Decisions about this image
            </LinkAnchor>
          </Notice>
        )}
        <Panel title="Decision">
          <DecisionFields decision={decision} />
        </Panel>
        <RulesPanel decision={decision} />
        {actions.length > 0 && (
          <Panel title="Actions" flush>
            <DataTable
              label="Actions"
              columns={actionColumns}
              rows={actions}
              rowKey={({ action }) => action}
            />
          </Panel>
        )}
        {exceptions.length > 0 && (
          <Panel title="Exceptions that were used" flush>
            <DataTable
              label="Exceptions that were used"
              columns={exceptionColumns}
              rows={exceptions}
              rowKey={({ id, rule }) => `${id} ${rule}`}
            />
          </Panel>
        )}
        <Panel title="Judged images" flush>
          <DataTable
            label="Judged images"
            columns={imageColumns}
            rows={images}
            rowKey={({ digest: one }) => one}
          />
        </Panel>
      </div>
    </>
  );
}

const triggers: Readonly<Record<DecisionTrigger, string>> = {
  arrival: 'Arrival',
  policy: 'Change of a policy',
  exception: 'Change of an exception',
  expiry: 'End of an exception',
  inspection: 'New inspection',
  person: 'Requested by a person',
};

function DecisionFields({ decision }: DecisionProps): ReactNode {
  const { verdict, action, policy, policyVersion, project, registry, tags, reasons } = decision;
  const { trigger, causedBy, approvedBy, decidedAt, previous, repository } = decision;
  const [tag] = tags;
  return (
    <dl className="fields">
      <Field label="Verdict">
        <PolicyVerdictBadge verdict={verdict} />
      </Field>
      <Field label="Action">
        <EffectView action={action} effect={decision.effect} detailed />
      </Field>
      <Field label="Policy">
        <PolicyLink name={policy} version={policyVersion} project={project} />
      </Field>
      <Field label="Registry">
        <LinkAnchor to="/registries/$name" params={{ name: registry }} search={{ repository }}>
          {registry}
        </LinkAnchor>
      </Field>
      <Field label="Tags">
        <PlainText>{tags.join(', ') || 'none'}</PlainText>
      </Field>
      <Field label="Decided">
        <Timestamp at={decidedAt} />
      </Field>
      <Field label="Cause">
        {triggers[trigger]} <span className="dim">by {causedBy}</span>
      </Field>
      <Field label="Approved by">{approvedBy}</Field>
      <Field label="More">
        <LinkAnchor
          to="/arrivals"
          search={{ registry, repository, ...(tag !== undefined && { tag }) }}
        >
          Arrivals
        </LinkAnchor>
      </Field>
      {previous !== null && (
        <Field label="Before">
          <LinkAnchor to="/decisions/$id" params={{ id: previous }}>
            Previous decision
          </LinkAnchor>
        </Field>
      )}
      {reasons.length > 0 && (
        <Field label="Reasons" wide>
          {reasons.map((reason) => (
            <div key={reason} className="break">
              <PlainText>{reason}</PlainText>
            </div>
          ))}
        </Field>
      )}
    </dl>
  );
}

const states = { apply: 'requested', 'dry-run': 'dry run', withheld: 'withheld' } as const;

const actionColumns: readonly Column<DecidedAction>[] = [
  { label: 'Action', cell: ({ action }) => <strong>{actionLabels[action]}</strong> },
  {
    label: 'State',
    cell: ({ state, reason }) => (
      <div>
        {states[state]}
        {reason !== null && (
          <div className="dim small break">
            <PlainText>{reason}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  { label: 'Rules', cell: ({ rules }) => <span className="break">{rules.join(', ')}</span> },
  {
    label: 'Limit',
    end: true,
    cell: ({ perHour }) => (perHour === null ? 'none' : `${perHour} an hour`),
  },
];

const exceptionColumns: readonly Column<UsedException>[] = [
  { label: 'Rule', cell: ({ rule }) => <strong>{rule}</strong> },
  {
    label: 'Reason',
    cell: ({ reason, owner }) => (
      <div className="break">
        <PlainText>{reason}</PlainText>
        <div className="dim small">
          accepted by <PlainText>{owner}</PlainText>
        </div>
      </div>
    ),
  },
  { label: 'Source', cell: ({ source }) => <PlainText>{source}</PlainText> },
  { label: 'Expires', end: true, cell: ({ expires }) => <Timestamp at={expires} /> },
];

const imageColumns: readonly Column<JudgedImage>[] = [
  {
    label: 'Image',
    cell: ({ digest, platform }) => (
      <div className="cell-name">
        <LinkAnchor to="/images/$digest" params={{ digest }} className="row-link">
          {platform ?? 'Image'}
        </LinkAnchor>
        <div className="small dim">
          <Copyable value={digest} label="the digest" chars={digestChars} />
        </div>
      </div>
    ),
  },
  { label: 'Inspected', cell: ({ inspected }) => <VerdictBadge state={inspected} /> },
  { label: 'Verdict', cell: ({ verdict }) => <PolicyVerdictBadge verdict={verdict} /> },
  { label: 'Action', cell: ({ action }) => actionLabels[action] },
  {
    label: 'Inspection',
    end: true,
    cell: ({ inspection, inspectedAt }) => (
      <LinkAnchor to="/inspections/$id" params={{ id: inspection }}>
        <Timestamp at={inspectedAt} />
      </LinkAnchor>
    ),
  },
];
