import {
  describeIncomparability,
  type PlacedFinding,
  plural,
  type ReportDifference,
  type Verdict,
} from '@lazaret/protocol';
import { IconEqual } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { TruncatedList } from '../../components/truncated-list.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Notice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { shortDigest } from '../../text/digest.ts';
import { FindingRow } from '../image/finding-row.tsx';
import { type Change, fileChanges, packageChanges } from './list-changes.ts';

interface DifferenceProps {
  readonly difference: ReportDifference;
  readonly before: string;
  readonly after: string;
  readonly project: string | undefined;
}

export function Difference({ difference, before, after, project }: DifferenceProps): ReactNode {
  const { packages, files, findings, config, layers } = difference;
  const isSame = difference.before.fingerprint === difference.after.fingerprint;
  const search = project === undefined ? {} : { project };
  return (
    <>
      <div className="grid-2">
        <Side title="Before" side={difference.before} digest={before} search={search} />
        <Side title="After" side={difference.after} digest={after} search={search} />
      </div>
      <Limitations difference={difference} />
      <p className="dim">
        {plural(layers.common, 'layer')} in both, {layers.removed} only before, {layers.added} only
        after.
      </p>
      {isSame && (
        <section className="panel">
          <EmptyState icon={IconEqual} title="No differences">
            Both inspections have the same result.
          </EmptyState>
        </section>
      )}
      <Findings findings={findings} />
      <Changes title="Packages" what="Package" changes={packageChanges(packages)} />
      <Configuration config={config} />
      {files !== undefined && <Changes title="Files" what="File" changes={fileChanges(files)} />}
    </>
  );
}

interface SideProps {
  readonly title: string;
  readonly side: { readonly name: string; readonly verdict: Verdict };
  readonly digest: string;
  readonly search: { project?: string };
}

function Side({ title, side, digest, search }: SideProps): ReactNode {
  return (
    <Panel title={title} actions={<VerdictBadge state={side.verdict.state} />}>
      <LinkAnchor to="/images/$digest" params={{ digest }} search={search} className="break">
        <PlainText>{side.name}</PlainText>
      </LinkAnchor>
      <div className="mono small dim">{shortDigest(digest)}</div>
    </Panel>
  );
}

/** Parts that cannot be compared, and uncertainties of the rest. */
function Limitations({ difference }: { readonly difference: ReportDifference }): ReactNode {
  const { notComparable, caveats } = difference;
  const lines = [...notComparable.map(describeIncomparability), ...caveats];
  if (lines.length === 0) return null;
  return (
    <Notice
      tone="warning"
      title={notComparable.length > 0 ? 'Some parts are not comparable' : 'Partial coverage'}
    >
      <ul>
        {lines.map((line) => (
          <li key={line}>
            <PlainText>{line}</PlainText>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

interface FindingGroup {
  readonly label: string;
  readonly tone: string;
  readonly rows: readonly { readonly finding: PlacedFinding; readonly note?: string }[];
  /** Shown even if there are none. */
  readonly always?: boolean;
}

function Findings({ findings }: Pick<ReportDifference, 'findings'>): ReactNode {
  const { notComparable } = findings;
  const groups: readonly FindingGroup[] = [
    { label: 'New', tone: 'failed', rows: rowsOf(findings.new), always: true },
    { label: 'No longer present', tone: 'succeeded', rows: rowsOf(findings.gone), always: true },
    {
      label: 'Moved',
      tone: 'moving',
      rows: findings.moved.map(({ finding, from }) => ({ finding, note: `moved from ${from}` })),
    },
    {
      label: 'Not comparable',
      tone: 'warning',
      rows: [
        ...rowsOf(notComparable.before, 'only reported for the first image'),
        ...rowsOf(notComparable.after, 'only reported for the second image'),
      ],
    },
  ];
  const count = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  return (
    <Panel title={titleOf('Findings', count)} flush>
      {groups.map((group) => (
        <FindingGroupView key={group.label} group={group} />
      ))}
    </Panel>
  );
}

function rowsOf(findings: readonly PlacedFinding[], note?: string): FindingGroup['rows'] {
  return findings.map((finding) => ({ finding, ...(note === undefined ? {} : { note }) }));
}

function FindingGroupView({ group }: { readonly group: FindingGroup }): ReactNode {
  const { label, tone, rows, always } = group;
  if (rows.length === 0) {
    return always === true ? <p className="padded dim">{label}: none.</p> : null;
  }
  return (
    <section aria-label={`${label} findings`}>
      <h3 className={`change-head tone-${tone}`}>
        {label} <span className="count">{rows.length}</span>
      </h3>
      <TruncatedList items={rows.map((row, index) => ({ ...row, index }))} step={50}>
        {(shown) => (
          <ul className="findings padded">
            {shown.map(({ finding, note, index }) => (
              <FindingRow key={index} finding={finding} note={note} plainPath />
            ))}
          </ul>
        )}
      </TruncatedList>
    </section>
  );
}

const changeLabels = {
  added: { label: 'added', tone: 'succeeded' },
  removed: { label: 'removed', tone: 'failed' },
  changed: { label: 'changed', tone: 'warning' },
  moved: { label: 'moved', tone: 'moving' },
  only_before: { label: 'not comparable: first only', tone: 'queued' },
  only_after: { label: 'not comparable: second only', tone: 'queued' },
} as const;

interface ChangesProps {
  readonly title: string;
  readonly what: string;
  readonly changes: readonly Change[];
}

function Changes({ title, what, changes }: ChangesProps): ReactNode {
  const columns: readonly Column<Change>[] = [
    {
      label: what,
      cell: ({ name, kind }) => (
        <span className="row tight">
          <strong className="break">
            <PlainText>{name}</PlainText>
          </strong>
          {kind !== undefined && <span className="tag">{kind}</span>}
        </span>
      ),
    },
    {
      label: 'Change',
      cell: ({ change }) => (
        <span className={`state tone-${changeLabels[change].tone}`}>
          {changeLabels[change].label}
        </span>
      ),
    },
    { label: 'Detail', cell: (change) => <ChangeDetail change={change} /> },
  ];
  return (
    <Panel title={titleOf(title, countOf(changes))} flush>
      {changes.length === 0 ? (
        <p className="padded dim">No difference.</p>
      ) : (
        <TruncatedList items={changes}>
          {(shown) => (
            <DataTable
              label={title}
              columns={columns}
              rows={shown}
              rowKey={({ change, kind, name }) => `${change} ${kind ?? ''} ${name}`}
            />
          )}
        </TruncatedList>
      )}
    </Panel>
  );
}

/** The detail of a change; of a directory its files on demand. */
function ChangeDetail({ change: { detail, entries } }: { readonly change: Change }): ReactNode {
  if (entries === undefined) return <Detail text={detail} />;
  return (
    <details className="more small">
      <summary>{detail}</summary>
      <TruncatedList items={entries}>
        {(shown) => (
          <ul className="path-list">
            {shown.map((path) => (
              <li key={path} className="mono break">
                <PlainText>{path}</PlainText>
              </li>
            ))}
          </ul>
        )}
      </TruncatedList>
    </details>
  );
}

type ConfigChange = ReportDifference['config'][number];

const configColumns: readonly Column<ConfigChange>[] = [
  {
    label: 'Field',
    cell: ({ field }) => (
      <strong className="break">
        <PlainText>{field}</PlainText>
      </strong>
    ),
  },
  { label: 'Before', cell: ({ before }) => <Detail text={before ?? 'not set'} /> },
  { label: 'After', cell: ({ after }) => <Detail text={after ?? 'not set'} /> },
];

function Configuration({ config }: Pick<ReportDifference, 'config'>): ReactNode {
  return (
    <Panel title={titleOf('Configuration', config.length)} flush>
      {config.length === 0 ? (
        <p className="padded dim">No difference.</p>
      ) : (
        <TruncatedList items={config}>
          {(shown) => (
            <DataTable
              label="Configuration"
              columns={configColumns}
              rows={shown}
              rowKey={({ field }) => field}
            />
          )}
        </TruncatedList>
      )}
    </Panel>
  );
}

function Detail({ text }: { readonly text: string }): ReactNode {
  return (
    <span className="mono small break clamp wide-clamp">
      <PlainText>{text}</PlainText>
    </span>
  );
}

/** A directory counts as the files in it. */
function countOf(changes: readonly Change[]): number {
  return changes.reduce((sum, { entries }) => sum + (entries?.length ?? 1), 0);
}

function titleOf(title: string, count: number): ReactNode {
  return (
    <>
      {title} {count > 0 && <span className="count">{count.toLocaleString('en')}</span>}
    </>
  );
}
