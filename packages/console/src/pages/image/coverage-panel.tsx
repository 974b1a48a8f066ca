import { formatSize, type Gap, type ImageDetail, type ScannerCoverage } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { CutList } from '../../parts/cut-list.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { Fact } from '../../parts/fact.tsx';
import { Notice } from '../../parts/notice.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { When } from '../../parts/when.tsx';
import { gapWords } from '../../text/image-words.ts';
import { FileLink, LayerMark } from './placed.tsx';

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
        {healthy ? 'Healthy' : 'Not healthy'}
      </span>
    ),
  },
  {
    label: 'Signatures',
    cell: ({ signatures, signaturesAt, feeds = [] }) => (
      <div className="small">
        <span className="mono break">
          <PlainText>{signatures === '' ? 'not said' : signatures}</PlainText>
        </span>
        {signaturesAt !== undefined && (
          <div className="dim">
            <When at={signaturesAt} />
          </div>
        )}
        {feeds.map(({ feed, importedAt, newestAt }) => (
          <div key={feed} className="dim break">
            <PlainText>{feed}</PlainText>, imported <When at={importedAt} />
            {newestAt !== undefined && (
              <>
                , newest of <When at={newestAt} />
              </>
            )}
          </div>
        ))}
      </div>
    ),
  },
  { label: 'Examined now', end: true, cell: ({ examined }) => <Figure value={examined} /> },
  { label: 'Known already', end: true, cell: ({ cached }) => <Figure value={cached} /> },
  { label: 'In part', end: true, cell: ({ partial }) => <Figure value={partial} /> },
  { label: 'Failed', end: true, cell: ({ failed }) => <Figure value={failed} /> },
];

const gapColumns: readonly Column<{ readonly gap: Gap; readonly key: string }>[] = [
  {
    label: 'What was not examined',
    cell: ({ gap }) =>
      gap.path === undefined ? (
        <span className="dim">the whole</span>
      ) : (
        <FileLink path={gap.path} layer={gap.layer} />
      ),
  },
  { label: 'By', cell: ({ gap }) => gap.by },
  { label: 'Because', cell: ({ gap }) => gapWords[gap.reason] },
  {
    label: 'Detail',
    cell: ({ gap }) => (
      <span className="small break">
        <PlainText>{gap.detail}</PlainText>
      </span>
    ),
  },
  { label: 'Layer', cell: ({ gap }) => <LayerMark layer={gap.layer} /> },
];

/** What was examined and what was not: the ground on which a verdict stands. */
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
              ? 'Every layer and every file was examined by everything that was asked to.'
              : 'What is listed below was not fully examined: silence about it proves nothing.'}
          </p>
        </Notice>
        <dl className="facts">
          <Fact term="Files">{files.toLocaleString('en')}</Fact>
          <Fact term="Bytes, unpacked">{formatSize(bytes)}</Fact>
          <Fact term="Layers">{layers.listed}</Fact>
          <Fact term="Examined now">{layers.examined}</Fact>
          <Fact term="Known already">{layers.cached}</Fact>
          <Fact term="In part">{layers.partial}</Fact>
          <Fact term="Not examined">{layers.missing}</Fact>
        </dl>
      </div>
      <section className="section" aria-label="Scanners">
        <h3>Scanners</h3>
        {scanners.length === 0 ? (
          <p className="padded dim">No scanner took part.</p>
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
          <CutList items={keyed}>
            {(shown) => (
              <DataTable label="Gaps" columns={gapColumns} rows={shown} rowKey={({ key }) => key} />
            )}
          </CutList>
        )}
        {gapCount > gaps.length && (
          <p className="padded dim">
            The report keeps the first {gaps.length.toLocaleString('en')} of{' '}
            {gapCount.toLocaleString('en')}.
          </p>
        )}
      </section>
    </div>
  );
}

function Figure({ value }: { readonly value: number }): ReactNode {
  return <span className="number">{value.toLocaleString('en')}</span>;
}
