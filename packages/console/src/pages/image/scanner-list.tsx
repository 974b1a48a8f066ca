import { notChecked, plural, type Coverage, type ScannerCoverage } from '@lazaret/protocol';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { shortenDigests } from '../../text/digest.ts';
import { gapReasonLabels } from '../../text/image-labels.ts';

const reasonsShown = 4;

/** Whether everything was examined, and the reasons if not. */
export function CoverageLine({ coverage }: { readonly coverage: Coverage }): ReactNode {
  const { complete, gaps, gapCount, files } = coverage;
  const unchecked = notChecked({ coverage });
  const reasons = [...new Set(gaps.map(({ by, reason }) => `${by}: ${gapReasonLabels[reason]}`))];
  const Icon = complete ? IconCircleCheck : IconAlertTriangle;
  return (
    <div className={`coverage-line tone-${complete ? 'succeeded' : 'warning'}`}>
      <Icon size={16} aria-hidden />
      <span className="grow break">
        <strong>{complete ? 'Coverage is complete' : 'Coverage is partial'}</strong>
        {`: ${plural(files, 'entry', 'entries')} examined`}
        {gapCount > 0 && `, ${plural(gapCount, 'gap')} (`}
        {gapCount > 0 && <PlainText>{reasons.slice(0, reasonsShown).join('; ')}</PlainText>}
        {gapCount > 0 && (reasons.length > reasonsShown ? '; …)' : ')')}
        {unchecked.length > 0 && `; not checked: ${unchecked.map(({ what }) => what).join(', ')}`}
      </span>
    </div>
  );
}

/** Scanners with their signature versions. */
export function ScannerList({
  scanners,
}: {
  readonly scanners: readonly ScannerCoverage[];
}): ReactNode {
  if (scanners.length === 0) return <p className="dim small">No scanner was used.</p>;
  return (
    <ul className="scanner-list small">
      {scanners.map((each) => (
        <li key={each.scanner}>
          <strong>{each.scanner}</strong>{' '}
          <span className="dim">
            <PlainText>{each.engine}</PlainText>
            {each.signatures !== '' && ', signatures '}
            <PlainText>{shortenDigests(each.signatures)}</PlainText>
            {each.signaturesAt !== undefined && (
              <>
                {' of '}
                <Timestamp at={each.signaturesAt} />
              </>
            )}
          </span>
          {!each.healthy && <strong className="ill"> unhealthy</strong>}
        </li>
      ))}
    </ul>
  );
}
