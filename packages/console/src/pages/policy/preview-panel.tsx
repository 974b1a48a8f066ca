import { Button } from '@mantine/core';
import { operations, plural, type PreviewedChange, type RejudgePreview } from '@lazaret/protocol';
import { IconArrowRight, IconEye } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { ImageName } from '../../components/image-name.tsx';
import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { TruncatedList } from '../../components/truncated-list.tsx';
import { useAction } from '../../data.ts';
import { actionLabels, PolicyVerdictBadge, verdictLabels } from '../decisions/decision-status.tsx';
import { useProjectSearch } from '../images/image-columns.tsx';
import { ChangedNotice } from './tests-panel.tsx';

interface PreviewPanelProps {
  readonly project: string | undefined;
  readonly document: string;
  readonly isValid: boolean;
}

/** What the document would change for stored images; nothing is written. */
export function PreviewPanel({ project, document, isValid }: PreviewPanelProps): ReactNode {
  const preview = useAction(operations.policies.preview, { quiet: true });
  const { data, error } = preview;
  const [tried, setTried] = useState('');
  const start = (
    <Button
      variant="default"
      leftSection={<IconEye size={16} />}
      loading={preview.isPending}
      disabled={!isValid}
      onClick={() => {
        setTried(document);
        preview.mutate({ body: { document, ...(project && { project }) } });
      }}
    >
      Show what would change
    </Button>
  );
  return (
    <Panel title="What would change" actions={start} flush>
      {error !== null && (
        <div className="panel-body">
          <ProblemNotice error={error} />
        </div>
      )}
      {data === undefined && error === null && (
        <p className="panel-body dim">
          Judges the stored images with this document in place of the policy of its name. Nothing is
          changed.
        </p>
      )}
      {data !== undefined && (
        <>
          {tried !== document && (
            <div className="panel-body">
              <ChangedNotice />
            </div>
          )}
          <Preview preview={data} />
        </>
      )}
    </Panel>
  );
}

function Preview({ preview }: { readonly preview: RejudgePreview }): ReactNode {
  const { judged, total, skipped, changed, changes, project } = preview;
  if (total === 0) {
    return (
      <EmptyState icon={IconEye} title={`No stored images in ${project}`} small>
        Images appear here once they arrived in a watched registry.
      </EmptyState>
    );
  }
  const notes = [
    ...(skipped > 0 ? [`${plural(skipped, 'image')} without a report keep their decisions`] : []),
    ...(judged + skipped < total ? ['only the newest images were judged'] : []),
    ...(changes.length < changed ? [`the first ${changes.length} are listed`] : []),
  ];
  return (
    <>
      <div className="panel-body" role="status">
        <strong>
          {changed.toLocaleString('en')} of {plural(total, 'stored image')} would change
        </strong>
        {notes.length > 0 && <div className="dim small">{notes.join('; ')}</div>}
      </div>
      <div className="panel-body">
        <Counts preview={preview} />
      </div>
      {changes.length > 0 && (
        <TruncatedList items={changes} step={20}>
          {(shown) => (
            <DataTable
              label="Images that would change"
              columns={columnsOf(project)}
              rows={shown}
              rowKey={({ registry, repository, digest }) => `${registry}/${repository}@${digest}`}
            />
          )}
        </TruncatedList>
      )}
    </>
  );
}

function Difference({ count }: { readonly count: number }): ReactNode {
  if (count === 0) return <span className="dim">0</span>;
  return <strong>{count > 0 ? `+${count.toLocaleString('en')}` : `−${-count}`}</strong>;
}

/** A small table: it stays one on a narrow screen. */
function Counts({ preview }: { readonly preview: RejudgePreview }): ReactNode {
  const rows = [
    ...preview.verdicts.map(({ verdict, ...counts }) => ({
      ...{ key: `verdict ${verdict}`, what: 'Verdict', label: verdictLabels[verdict] },
      ...counts,
    })),
    ...preview.actions.map(({ action, ...counts }) => ({
      ...{ key: `action ${action}`, what: 'Action', label: actionLabels[action] },
      ...counts,
    })),
  ].filter(({ before, after }) => before + after > 0);
  return (
    <table className="table count-table" aria-label="Images by verdict and action">
      <thead>
        <tr>
          <th scope="col">Images</th>
          <th scope="col" className="end">
            Before
          </th>
          <th scope="col" className="end">
            After
          </th>
          <th scope="col" className="end">
            <span className="visually-hidden">Difference</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, what, label, before, after }) => (
          <tr key={key}>
            <td>
              <span className="dim small">{what}</span> {label}
            </td>
            <td className="end">{before.toLocaleString('en')}</td>
            <td className="end">{after.toLocaleString('en')}</td>
            <td className="end">
              <Difference count={after - before} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function columnsOf(project: string): readonly Column<PreviewedChange>[] {
  return [
    { label: 'Image', cell: (change) => <ChangedImage change={change} project={project} /> },
    {
      label: 'Reasons',
      cell: ({ after }) =>
        after.reasons.length === 0 ? null : (
          <div className="small">
            {after.reasons.slice(0, reasonsShown).map((reason) => (
              <div key={reason} className="break">
                <PlainText>{reason}</PlainText>
              </div>
            ))}
          </div>
        ),
    },
    {
      label: 'Before and after',
      cell: ({ before, after }) => (
        <div className="stack tight">
          <div className="row tight nowrap">
            <PolicyVerdictBadge verdict={before.verdict} />
            <IconArrowRight size={14} aria-label="becomes" />
            <PolicyVerdictBadge verdict={after.verdict} />
          </div>
          <div className="small">
            {before.action === after.action ? (
              <span className="dim">{actionLabels[after.action]}</span>
            ) : (
              <>
                {actionLabels[before.action]} → <strong>{actionLabels[after.action]}</strong>
              </>
            )}
          </div>
        </div>
      ),
    },
  ];
}

const digestChars = 19;
const reasonsShown = 3;

interface ChangedImageProps {
  readonly change: PreviewedChange;
  readonly project: string;
}

function ChangedImage({ change, project }: ChangedImageProps): ReactNode {
  const { registry, repository, tags, digest } = change;
  const search = useProjectSearch(project);
  const [tag] = tags;
  return (
    <div className="break">
      <LinkAnchor
        to="/decisions"
        search={{ ...search, registry, repository, digest }}
        className="row-link"
      >
        <ImageName>{imageNameOf(repository, tag)}</ImageName>
      </LinkAnchor>
      {tags.length > 1 && (
        <span className="dim small"> and {plural(tags.length - 1, 'more tag')}</span>
      )}
      <div className="small dim">
        {registry} · <Copyable value={digest} label="the digest" chars={digestChars} />
      </div>
    </div>
  );
}
