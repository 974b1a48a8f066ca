// Not in the quick check: random reports are validated against published schemas.
/** Written documents conform to the published schemas of their formats. */
import type { InspectionReport } from '@lazaret/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { arbitraryReport } from '../testing/arbitrary-report.ts';
import { sampleReport } from '../testing/report-sample.ts';
import { toCycloneDx } from './cyclonedx.ts';
import type { ReportOptions } from './report-identity.ts';
import { toSarif } from './sarif.ts';
import { toSpdx } from './spdx.ts';
import { checkCycloneDx, checkSarif, checkSpdx } from './testing/check-format.ts';

type Document = Readonly<Record<string, unknown>>;

interface Format {
  readonly name: string;
  readonly write: (report: InspectionReport, options: ReportOptions) => Document;
  readonly check: (document: Document) => unknown;
  /** Required fields: a document without one is invalid. */
  readonly needs: readonly string[];
}

const formats: readonly Format[] = [
  {
    name: 'CycloneDX',
    write: toCycloneDx,
    check: checkCycloneDx,
    needs: ['bomFormat', 'specVersion'],
  },
  {
    name: 'SPDX',
    write: toSpdx,
    check: checkSpdx,
    needs: ['SPDXID', 'creationInfo', 'dataLicense', 'name', 'spdxVersion'],
  },
  {
    name: 'SARIF',
    write: (report, options) => toSarif([report], options),
    check: checkSarif,
    needs: ['version', 'runs'],
  },
];

const options: ReportOptions = { files: true, timestamp: '2026-01-02T03:04:05.678Z' };

describe.each(formats)('$name', ({ write, check, needs }) => {
  const toDocument = (report: InspectionReport): Document =>
    JSON.parse(JSON.stringify(write(report, options))) as Document;

  test('is valid for any report', () => {
    fc.assert(
      fc.property(arbitraryReport(), (report) => void check(toDocument(report))),
      { numRuns: 200 },
    );
  });

  test('is invalid when a field is missing, of another type or unknown', () => {
    const document = toDocument(sampleReport());
    expect(() => check(document)).not.toThrow();
    for (const name of needs) {
      expect(() => check({ ...document, [name]: undefined }), name).toThrow();
      expect(() => check({ ...document, [name]: 1 }), name).toThrow();
    }
    expect(() => check({ ...document, foreign: 1 })).toThrow();
  });
});
