/** An image that a server keeps, as people read it: what `inspect` says first of a report. */
import type { ImageDetail } from '@lazaret/protocol';

import { formatCell } from './cell.ts';
import { formatSummary, severityWords } from './inspection-page.ts';
import type { PageOptions } from './page.ts';
import { visibleLine } from './visible-text.ts';

/** Lists have commands of their own, which the last lines name. */
export function formatImagePage(detail: ImageDetail, options: PageOptions): string {
  const { digest, project, names, image, packages, findings, inspectedAt, inspection } = detail;
  const words = severityWords((one) => findings[one]);
  const about = formatSummary(
    detail,
    {
      packages: String(packages),
      findings: words === '' ? 'none' : words,
      more: [
        // An engine's image has no manifest, and is kept by its configuration.
        ['Known by', image?.manifestDigest === digest ? [] : [digest]],
        ['Names', names],
        ['Project', [project]],
        ['Inspected', [formatCell('inspectedAt', inspectedAt, { now: options.now, short: false })]],
        ['Inspection', [inspection]],
      ],
    },
    options,
  );
  const further = ['findings', 'packages', 'files', 'report'].map(
    (word) => `  lazaret images ${word} ${visibleLine(digest)}\n`,
  );
  return `${about}\n${options.style('dim', 'More')}\n${further.join('')}`;
}
