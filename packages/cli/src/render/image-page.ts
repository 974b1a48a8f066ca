/** A stored image as text: the summary of its report. */
import { notChecked, type ImageDetail } from '@lazaret/protocol';

import { formatCell, formatSeverityCounts } from './cell.ts';
import { formatSummary } from './inspection-page.ts';
import type { PageOptions } from './page.ts';
import { visibleLine } from './visible-text.ts';

/** The last lines name the commands that print the lists. */
export function formatImagePage(detail: ImageDetail, options: PageOptions): string {
  const { digest, project, names, image, packages, findings, inspectedAt, inspection } = detail;
  const words = formatSeverityCounts((one) => findings[one]);
  const about = formatSummary(
    detail,
    {
      packages: String(packages),
      findings: words === '' ? 'none' : words,
      notes: notChecked(detail).map(({ detail: why }) => why),
      more: [
        // an image of an engine has no manifest: it is stored by the digest of its configuration
        ['ID', image?.manifestDigest === digest ? [] : [digest]],
        ['Names', names],
        ['Project', [project]],
        ['Inspected', [formatCell('inspectedAt', inspectedAt, { now: options.now, short: false })]],
        ['Inspection', [inspection]],
      ],
    },
    options,
  );
  // an abbreviation of twelve digits can be copied as it fits the terminal
  const short = visibleLine(digest).replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, '$2');
  const further = ['findings', 'packages', 'files', 'report'].map(
    (word) => `  lazaret images ${word} ${short}\n`,
  );
  return `${about}\n${options.style('dim', 'More')}\n${further.join('')}`;
}
