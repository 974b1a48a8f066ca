import { Group } from '@mantine/core';
import {
  formatSize,
  operations,
  plural,
  type QuarantineContent,
  type QuarantineItemDetail,
  type RegistryAction,
} from '@lazaret/protocol';
import { IconArrowBackUp, IconTrash } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';

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
import { TruncatedList } from '../../components/truncated-list.tsx';
import { useAction, useOperation } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { imageNameOf } from '../../text/image-name.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { ReasonButton } from './reason-button.tsx';
import { ActionStateBadge, actionLabels, ItemStateBadge } from './statuses.tsx';

const refetchMs = 2_000;
const digestChars = 19;
const { quarantine } = operations;

/** A quarantined image with its evidence and what was done. */
export function QuarantineItemPage(): ReactNode {
  const { id } = useParams({ from: '/shell/quarantine/$id' });
  const query = useOperation(quarantine.show, { params: { id } }, { refetchMs });
  return (
    <QueryView query={query} rows={10}>
      {(item) => <ItemView item={item} />}
    </QueryView>
  );
}

interface ItemProps {
  readonly item: QuarantineItemDetail;
}

function ItemView({ item }: ItemProps): ReactNode {
  const { repository, tags, action, contents, actions } = item;
  return (
    <>
      <PageHeader
        title={imageNameOf(repository, tags[0])}
        eyebrow={<LinkAnchor to="/quarantine">Quarantine</LinkAnchor>}
        actions={<ItemActions item={item} />}
      >
        <Copyable value={item.digest} label="the digest" />
      </PageHeader>
      <div className="stack">
        {action !== null && action.problem !== null && (
          <Notice tone="warning" title={`${actionLabels[action.kind]}: not complete`}>
            <p>
              <PlainText>{action.problem.detail}</PlainText>
            </p>
          </Notice>
        )}
        <Panel title="Image">
          <ItemFields item={item} />
        </Panel>
        <Panel title={`Evidence (${plural(contents.length, 'content')})`} flush>
          <TruncatedList items={contents}>
            {(shown) => (
              <DataTable
                label="Evidence"
                columns={contentColumns}
                rows={shown}
                rowKey={({ digest }) => digest}
              />
            )}
          </TruncatedList>
        </Panel>
        {actions.map((one) => (
          <ActionPanel key={one.id} action={one} />
        ))}
      </div>
    </>
  );
}

function ItemFields({ item }: ItemProps): ReactNode {
  const { state, tags, reason, createdBy, target, releasedBy, releaseReason, purgedBy } = item;
  const { registry, repository, digest, project } = item;
  const search = useProjectSearch(project);
  return (
    <dl className="fields">
      <Field label="State">
        <ItemStateBadge state={state} />
      </Field>
      <Field label="Registry">
        <LinkAnchor to="/registries/$name" params={{ name: registry }} search={{ repository }}>
          {registry}
        </LinkAnchor>
      </Field>
      <Field label="Tags">
        <PlainText>{tags.join(', ') || 'none'}</PlainText>
      </Field>
      <Field label="More">
        <LinkAnchor to="/images/$digest" params={{ digest }} search={search}>
          Report
        </LinkAnchor>
        {' · '}
        <LinkAnchor to="/decisions" search={{ registry, repository, digest }}>
          Decisions
        </LinkAnchor>
      </Field>
      <Field label="Evidence">{formatSize(item.sizeBytes)}</Field>
      <Field label="By">{createdBy}</Field>
      <Field label="Quarantined">
        <Timestamp at={item.quarantinedAt} missing="not yet" />
      </Field>
      <Field label="Kept until">
        <Timestamp at={item.retainedUntil} />
      </Field>
      <Field label="Reason" wide>
        <PlainText>{reason}</PlainText>
      </Field>
      {target !== null && (
        <Field label="Copy" wide>
          {target}
        </Field>
      )}
      {releasedBy !== null && (
        <Field label="Released" wide>
          <Timestamp at={item.releasedAt} /> by {releasedBy}:{' '}
          <PlainText>{releaseReason ?? ''}</PlainText>
        </Field>
      )}
      {purgedBy !== null && (
        <Field label="Purged" wide>
          <Timestamp at={item.purgedAt} /> by {purgedBy}:{' '}
          <PlainText>{item.purgeReason ?? ''}</PlainText>
        </Field>
      )}
    </dl>
  );
}

function ItemActions({ item }: ItemProps): ReactNode {
  const { id, state, tags, retainedUntil } = item;
  const refreshes = [quarantine.show, quarantine.list];
  const release = useAction(quarantine.release, { quiet: true, refreshes });
  const purge = useAction(quarantine.purge, { quiet: true, refreshes });
  if (!useAllowed('quarantine.manage')) return null;
  const params = { id };
  const isHeld = state === 'quarantined' || state === 'blocked';
  return (
    <Group gap="xs">
      {(isHeld || state === 'released') && (
        <ReasonButton
          label="Purge"
          question="Purge the evidence?"
          icon={<IconTrash size={16} />}
          isDestructive
          action={purge}
          onConfirm={({ reason }, close) =>
            purge.mutate({ params, body: { reason } }, { onSuccess: close })
          }
        >
          The image can then not be released any more. Possible after{' '}
          <Timestamp at={retainedUntil} />.
        </ReasonButton>
      )}
      {isHeld && (
        <ReasonButton
          label="Release"
          question="Release this image?"
          icon={<IconArrowBackUp size={16} />}
          button={{ variant: 'filled' }}
          namesLabel="Tags to move back"
          action={release}
          onConfirm={({ reason, names: overwrite }, close) =>
            release.mutate({ params, body: { reason, overwrite } }, { onSuccess: close })
          }
        >
          It is put back into its registry, byte for byte
          {tags.length > 0 && (
            <>
              , with the tags <PlainText>{tags.join(', ')}</PlainText>
            </>
          )}
          .
        </ReasonButton>
      )}
    </Group>
  );
}

const contentColumns: readonly Column<QuarantineContent>[] = [
  {
    label: 'Content',
    cell: ({ role, tags }) => (
      <div className="cell-name">
        <strong>{role}</strong>
        {tags.length > 0 && (
          <div className="small dim break">
            <PlainText>{tags.join(', ')}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Digest',
    cell: ({ digest }) => <Copyable value={digest} label="the digest" chars={digestChars} />,
  },
  {
    label: 'Type',
    cell: ({ mediaType }) => (
      <span className="small break">
        <PlainText>{mediaType}</PlainText>
      </span>
    ),
  },
  { label: 'Size', end: true, cell: ({ sizeBytes }) => formatSize(sizeBytes) },
  { label: 'Verified', cell: ({ storedAt }) => <Timestamp at={storedAt} missing="not stored" /> },
  {
    label: 'Removed',
    // Blobs go with the garbage collection of the registry.
    cell: ({ kind, removes, removedAt }) => {
      if (kind === 'blob') return null;
      if (!removes) return <span className="dim">stays</span>;
      return <Timestamp at={removedAt} missing="not yet" />;
    },
  },
];

function ActionPanel({ action }: { readonly action: RegistryAction }): ReactNode {
  const { kind, state, steps, requestedBy, requestedAt, reason, attempts, decision } = action;
  return (
    <Panel title={actionLabels[kind]} actions={<ActionStateBadge state={state} />}>
      <p className="break">
        <PlainText>{reason}</PlainText>{' '}
        <span className="dim">
          by {requestedBy}, <Timestamp at={requestedAt} />
          {decision !== null && (
            <>
              {', '}
              <LinkAnchor to="/decisions/$id" params={{ id: decision }}>
                decision
              </LinkAnchor>
            </>
          )}
          {attempts > 1 && `, ${plural(attempts, 'attempt')}`}
        </span>
      </p>
      <ol className="small">
        {steps.map(({ name, at, detail }) => (
          <li key={`${at} ${name}`} className="break">
            <strong>{name}</strong> <PlainText>{detail}</PlainText>{' '}
            <span className="dim">
              <Timestamp at={at} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
