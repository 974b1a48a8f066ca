import {
  formatSize,
  notChecked,
  type Gap,
  type ImageDetail,
  type ScannerCoverage,
} from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { TruncatedList } from '../../components/truncated-list.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { gapReasonLabels } from '../../text/image-labels.ts';
import { DisagreementsSection } from './disagreements-section.tsx';
import { FileLink, LayerTag } from './location.tsx';

const scannerColumns: readonly Column<ScannerCoverage>[] = [
  {
    label: 'Scanner',
    cell: ({ scanner, engine }) => (
      <div>
        <strong>{scanner}</strong>
        <div className="dim small break">
          <PlainText>{engine}</PlainText>
        </div>
      </div>
    ),
  },
  {
    label: 'Health',
    cell: ({ healthy }) => (
      <span className={`state tone-${healthy ? 'succeeded' : 'failed'}`}>
        {healthy ? 'Healthy' : 'Unhealthy'}
      </span>
    ),
  },
  {
    label: 'Signatures',
    cell: ({ signatures, signaturesAt, feeds = [] }) => (
      <div className="small">
        <span className="mono break">
          <PlainText>{signatures === '' ? 'unknown' : signatures}</PlainText>
        </span>
        {signaturesAt !== undefined && (
          <div className="dim">
            <Timestamp at={signaturesAt} />
          </div>
        )}
        {feeds.map(({ feed, importedAt, newestAt }) => (
          <div key={feed} className="dim break">
            <PlainText>{feed}</PlainText>, imported <Timestamp at={importedAt} />
            {newestAt !== undefined && (
              <>
                , newest advisory <Timestamp at={newestAt} />
              </>
            )}
          </div>
        ))}
      </div>
    ),
  },
  { label: 'Examined', end: true, cell: ({ examined }) => <Figure value={examined} /> },
  { label: 'Cached', end: true, cell: ({ cached }) => <Figure value={cached} /> },
  { label: 'Partial', end: true, cell: ({ partial }) => <Figure value={partial} /> },
  { label: 'Failed', end: true, cell: ({ failed }) => <Figure value={failed} /> },
];

const gapColumns: readonly Column<{ readonly gap: Gap; readonly key: string }>[] = [
  {
    label: 'Not examined',
    cell: ({ gap }) =>
      gap.path === undefined ? (
        <span className="dim">entire image</span>
      ) : (
        <FileLink path={gap.path} layer={gap.layer} />
      ),
  },
  { label: 'Component', cell: ({ gap }) => gap.by },
  { label: 'Reason', cell: ({ gap }) => gapReasonLabels[gap.reason] },
  {
    label: 'Detail',
    cell: ({ gap }) => (
      <span className="small break">
        <PlainText>{gap.detail}</PlainText>
      </span>
    ),
  },
  { label: 'Layer', cell: ({ gap }) => <LayerTag layer={gap.layer} /> },
];

/** What was examined and what was not: the basis of the verdict. */
export function CoveragePanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const { complete, files, bytes, layers, scanners, gaps, gapCount } = image.coverage;
  const keyed = gaps.map((gap, index) => ({ gap, key: String(index) }));
  return (
    <div className="sections">
      <div className="panel-body stack">
        <Notice
          tone={complete ? 'succeeded' : 'warning'}
          title={complete ? 'Coverage is complete' : 'Coverage is partial'}
        >
          <p>
            {complete
              ? 'Every layer and file was examined by all configured scanners.'
              : 'The items below were not fully examined. No findings for them does not mean that they are clean.'}
          </p>
          {notChecked(image).map(({ what, detail }) => (
            <p key={what}>
              <strong>{detail}.</strong>
            </p>
          ))}
        </Notice>
        <dl className="fields">
          <Field label="Entries">{files.toLocaleString('en')}</Field>
          <Field label="Unpacked size">{formatSize(bytes)}</Field>
          <Field label="Layers">{layers.listed}</Field>
          <Field label="Examined">{layers.examined}</Field>
          <Field label="Cached">{layers.cached}</Field>
          <Field label="Partial">{layers.partial}</Field>
          <Field label="Not examined">{layers.missing}</Field>
        </dl>
      </div>
      <section className="section" aria-label="Scanners">
        <h3>Scanners</h3>
        {scanners.length === 0 ? (
          <p className="padded dim">No scanner was used.</p>
        ) : (
          <DataTable
            label="Scanners"
            columns={scannerColumns}
            rows={scanners}
            rowKey={({ scanner }) => scanner}
          />
        )}
      </section>
      <section className="section" aria-label="Gaps">
        <h3>
          Gaps {gapCount > 0 && <span className="count">{gapCount.toLocaleString('en')}</span>}
        </h3>
        {gaps.length === 0 ? (
          <p className="padded dim">None.</p>
        ) : (
          <TruncatedList items={keyed}>
            {(shown) => (
              <DataTable label="Gaps" columns={gapColumns} rows={shown} rowKey={({ key }) => key} />
            )}
          </TruncatedList>
        )}
        {gapCount > gaps.length && (
          <p className="padded dim">
            The report contains the first {gaps.length.toLocaleString('en')} of{' '}
            {gapCount.toLocaleString('en')}.
          </p>
        )}
      </section>
      <DisagreementsSection />
    </div>
  );
}

function Figure({ value }: { readonly value: number }): ReactNode {
  return <span className="number">{value.toLocaleString('en')}</span>;
}
