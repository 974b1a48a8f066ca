import {
  type EngineFinding,
  findingsFile,
  type JobDetail,
  type JobFindings,
  operations,
  plural,
  severity,
} from '@lazaret/protocol';
import { IconSearch, IconShieldCheck } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { Copyable } from '../../components/copy.tsx';
import { HashLink } from '../../components/hash-link.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { SeverityBadge } from '../../components/verdict-badge.tsx';
import { usePages } from '../../data.ts';

const pageItems = 200;

/** Whether the engine wrote a findings file. */
export function hasFindings(job: JobDetail): boolean {
  return job.artifacts.some(({ path }) => path === findingsFile);
}

/** The findings of the engine in `findings.json`. */
export function FindingsPanel({ job }: { readonly job: JobDetail }): ReactNode {
  const [chosen, setChosen] = useState('');
  const [text, setText] = useState('');
  const filter = {
    ...(chosen === '' ? {} : { severity: [chosen] }),
    ...(text.trim() === '' ? {} : { text: text.trim() }),
  };
  const { query, items } = usePages<EngineFinding>(
    ['jobs.findings', job.id, filter],
    (cursor, signal) =>
      client.call(
        operations.jobs.findings,
        { params: { id: job.id }, query: { ...filter, ...cursor, limit: pageItems } },
        { signal },
      ),
  );
  const first = query.data?.pages[0] as JobFindings | undefined;
  return (
    <div className="panel-body stack">
      {first !== undefined && <FileProblems findings={first} />}
      <div className="row between">
        <div className="chips" role="group" aria-label="Severity">
          <Chip label="All" count={first?.total} isOn={chosen === ''} onUse={() => setChosen('')} />
          {severity.options.map((value) => (
            <Chip
              key={value}
              label={value}
              count={first?.bySeverity[value]}
              isOn={chosen === value}
              onUse={() => setChosen(chosen === value ? '' : value)}
            />
          ))}
        </div>
        <TextFilter
          label="Rule, message, evidence or path"
          icon={<IconSearch size={16} />}
          value={text}
          onTyped={setText}
        />
      </div>
      <QueryView query={query} rows={6}>
        {() =>
          items.length === 0 ? (
            <NoFindings isFiltered={chosen !== '' || text !== ''} findings={first} />
          ) : (
            <DataTable
              label="Findings"
              columns={columns}
              rows={items}
              rowKey={(finding) => String(items.indexOf(finding))}
            />
          )
        }
      </QueryView>
      <LoadMoreButton query={query}>Load more findings</LoadMoreButton>
    </div>
  );
}

const columns: readonly Column<EngineFinding>[] = [
  { label: 'Severity', cell: (finding) => <SeverityBadge value={finding.severity} /> },
  {
    label: 'Rule',
    cell: ({ rule }) => (
      <span className="mono break finding-rule">
        <PlainText>{rule}</PlainText>
      </span>
    ),
  },
  { label: 'Finding', cell: (finding) => <Message finding={finding} /> },
  { label: 'Location', cell: (finding) => <Location finding={finding} /> },
];

function Message({ finding }: { readonly finding: EngineFinding }): ReactNode {
  const { message, evidence, reference } = finding;
  return (
    <div className="break">
      <PlainText>{message}</PlainText>
      {evidence !== undefined && (
        <pre className="code wraps evidence-text">
          <PlainText>{evidence}</PlainText>
        </pre>
      )}
      {reference !== undefined && (
        <div className="small dim">
          <Copyable value={reference} label="the reference" chars={80} />
        </div>
      )}
    </div>
  );
}

function Location({ finding }: { readonly finding: EngineFinding }): ReactNode {
  const { path, offset, line, sha256 } = finding;
  const isMissing = [path, offset, line, sha256].every((part) => part === undefined);
  if (isMissing) return null;
  return (
    <div className="small">
      {path !== undefined && (
        <div className="mono break">
          <PlainText>{path}</PlainText>
        </div>
      )}
      <span className="dim">
        {line !== undefined && `line ${line} `}
        {offset !== undefined && `offset 0x${offset.toString(16)}`}
      </span>
      {sha256 !== undefined && <HashLink sha256={sha256} chars={12} />}
    </div>
  );
}

interface ChipProps {
  readonly label: string;
  readonly count: number | undefined;
  readonly isOn: boolean;
  readonly onUse: () => void;
}

function Chip({ label, count, isOn, onUse }: ChipProps): ReactNode {
  return (
    <button type="button" className="chip capital" aria-pressed={isOn} onClick={onUse}>
      {label} <span className="number">{count?.toLocaleString('en')}</span>
    </button>
  );
}

/** Errors of the file are shown before its findings. */
function FileProblems({ findings }: { readonly findings: JobFindings }): ReactNode {
  const { problems, invalid, truncated } = findings;
  if (problems.length === 0 && !truncated) return null;
  return (
    <Notice tone="warning" title={`${findingsFile} was not read completely`}>
      {truncated && <p>The engine reports that it omitted findings.</p>}
      {invalid > 0 && <p>{plural(invalid, 'invalid finding')}, not shown below:</p>}
      {problems.map((problem) => (
        <p key={problem} className="break">
          <PlainText>{problem}</PlainText>
        </p>
      ))}
    </Notice>
  );
}

interface NoFindingsProps {
  readonly isFiltered: boolean;
  readonly findings: JobFindings | undefined;
}

function NoFindings({ isFiltered, findings }: NoFindingsProps): ReactNode {
  const isUnread = findings !== undefined && findings.problems.length > 0;
  if (!isFiltered && isUnread) return null;
  return (
    <EmptyState icon={IconShieldCheck} title={isFiltered ? 'No matching findings' : 'No findings'}>
      {isFiltered ? 'Broaden or clear the filters.' : 'The engine reported no findings.'}
    </EmptyState>
  );
}
