import { operations, type ScannerStatus } from '@lazaret/protocol';
import { IconShieldOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Notice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useOperation } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { shortenDigests } from '../../text/digest.ts';
import { RegistrySettings } from './registry-settings.tsx';

const scannerNames: Readonly<Record<string, string>> = {
  clamav: 'ClamAV',
  yara: 'YARA',
  'hash-set': 'Hash lists',
  similarity: 'Similarity',
  secrets: 'Secrets',
};

const columns: readonly Column<ScannerStatus>[] = [
  {
    label: 'Scanner',
    cell: ({ id, engine, findsMalware }) => (
      <div>
        <span className="row tight">
          <strong>{scannerNames[id] ?? id}</strong>
          {findsMalware && <span className="tag">malware</span>}
        </span>
        <div className="dim small break">
          <PlainText>{engine}</PlainText>
        </div>
      </div>
    ),
  },
  {
    label: 'State',
    cell: ({ healthy, problem }) => (
      <div>
        <span className={`state tone-${healthy ? 'succeeded' : 'failed'}`}>
          {healthy ? 'Healthy' : 'Unhealthy'}
        </span>
        {problem !== null && (
          <div className="small break state-detail">
            <PlainText>{problem}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Signatures',
    cell: ({ signatures, signaturesAt }) => (
      <div className="small">
        <span className="mono break">
          <PlainText>{signatures === '' ? 'unknown' : shortenDigests(signatures)}</PlainText>
        </span>
        {signaturesAt !== null && (
          <div className="dim">
            <Timestamp at={signaturesAt} />
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Rules',
    end: true,
    cell: ({ rules }) => (
      <span className="number">{rules === null ? '–' : rules.toLocaleString('en')}</span>
    ),
  },
  {
    label: 'Configuration',
    cell: ({ configuration }) => (
      <div className="small">
        {configuration.map((key) => (
          <div key={key}>
            <code>{key}</code>
          </div>
        ))}
      </div>
    ),
  },
];

/** Scanners of inspections with their state, and registries; both are set in the configuration. */
export function ScannersTab(): ReactNode {
  const query = useOperation(operations.inspections.scanners, {}, { refetchMs: 60_000 });
  const mayReadConfiguration = useAllowed('configuration.read');
  return (
    <div className="stack">
      {query.data?.findsMalware === false && (
        <Notice tone="moving" title="No malware scanner configured">
          <p>
            Images are listed and checked, but not scanned for malware. Run{' '}
            <code>lazaret setup scanners</code> on the server to set up ClamAV, YARA rules or hash
            lists.
          </p>
        </Notice>
      )}
      <Panel title="Scanners" flush>
        <QueryView query={query} rows={4}>
          {({ scanners, checkedAt }) =>
            scanners.length === 0 ? (
              <EmptyState icon={IconShieldOff} title="No scanners configured" />
            ) : (
              <>
                <DataTable
                  label="Scanners"
                  columns={columns}
                  rows={scanners}
                  rowKey={({ id }) => id}
                />
                <p className="table-note dim small">
                  Checked <Timestamp at={checkedAt} />. Scanners are set in the configuration file
                  or by <code>lazaret setup scanners</code>; a change takes effect when the server
                  restarts.
                </p>
              </>
            )
          }
        </QueryView>
      </Panel>
      {mayReadConfiguration && <RegistrySettings />}
    </div>
  );
}
