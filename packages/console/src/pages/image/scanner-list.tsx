import type { Coverage, ScannerCoverage } from '@lazaret/protocol';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../parts/plain-text.tsx';
import { When } from '../../parts/when.tsx';
import { counted, gapWords } from '../../text/image-words.ts';

const reasonsShown = 4;

/** Whether everything was examined, and what was in the way. */
export function CoverageLine({ coverage }: { readonly coverage: Coverage }): ReactNode {
  const { complete, gaps, gapCount, files } = coverage;
  const reasons = [...new Set(gaps.map(({ by, reason }) => `${by}: ${gapWords[reason]}`))];
  const Icon = complete ? IconCircleCheck : IconAlertTriangle;
  return (
    <div className={`coverage-line tone-${complete ? 'succeeded' : 'warning'}`}>
      <Icon size={16} aria-hidden />
      <span className="grow break">
        <strong>{complete ? 'Coverage is complete' : 'Coverage is partial'}</strong>
        {`: ${counted(files, 'file')} examined`}
        {gapCount > 0 && `, ${counted(gapCount, 'gap')} (`}
        {gapCount > 0 && <PlainText>{reasons.slice(0, reasonsShown).join('; ')}</PlainText>}
        {gapCount > 0 && (reasons.length > reasonsShown ? '; …)' : ')')}
      </span>
    </div>
  );
}

/** Who examined it, with which signatures. */
export function ScannerList({
  scanners,
}: {
  readonly scanners: readonly ScannerCoverage[];
}): ReactNode {
  if (scanners.length === 0) return <p className="dim small">No scanner took part.</p>;
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
                <When at={each.signaturesAt} />
              </>
            )}
          </span>
          {!each.healthy && <strong className="ill"> not healthy</strong>}
        </li>
      ))}
    </ul>
  );
}

/** Versions may be digests: their beginning tells them apart here, Coverage has all of them. */
function shortenDigests(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{20,}\b/g, '$1…');
}
