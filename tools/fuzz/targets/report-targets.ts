/** Saved reports that are read again, and reports with hostile text that are written. */
import {
  compareReports,
  readReports,
  ReportError,
  toCycloneDx,
  toSarif,
  toSpdx,
} from '../../../packages/analysis/src/report/index.ts';
import { readLicenseExpression } from '../../../packages/analysis/src/report/license-expression.ts';
import { hostileTexts } from '../../../packages/analysis/src/testing/arbitrary-report.ts';
import { sampleReport } from '../../../packages/analysis/src/testing/report-sample.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { harvestSeeds } from '../harvest.ts';

function read(bytes: Buffer): ReturnType<typeof readReports> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw new ReportError('it is no JSON');
  }
  return readReports(value);
}

function seeds(): Buffer[] {
  const report = sampleReport();
  const small = sampleReport({ packages: report.packages.slice(0, 2), findings: [], files: [] });
  return [report, small, [small]].map((one) => Buffer.from(JSON.stringify(one)));
}

function write(bytes: Buffer, writer: (bytes: ReturnType<typeof read>) => unknown): void {
  const text = JSON.stringify(writer(read(bytes)));
  promise(text.length <= bytes.length * 100 + 100_000, `${text.length} characters`);
}

const common = {
  seeds,
  errors: [ReportError],
  words: hostileTexts.map((text) => JSON.stringify(text).slice(1, -1)),
  weight: 2,
} as const;

export const reportTargets: readonly FuzzTarget[] = [
  {
    ...common,
    name: 'report:read',
    files: ['report/json'],
    run: (bytes) => void read(bytes),
  },
  {
    ...common,
    name: 'report:cyclonedx',
    files: ['report/'],
    run: (bytes) => write(bytes, (all) => all.map((one) => toCycloneDx(one, { files: true }))),
  },
  {
    ...common,
    name: 'report:spdx',
    files: ['report/'],
    run: (bytes) => write(bytes, (all) => all.map((one) => toSpdx(one, { files: true }))),
  },
  {
    ...common,
    name: 'report:sarif',
    files: ['report/'],
    run: (bytes) => write(bytes, (all) => toSarif(all, { files: true })),
  },
  {
    ...common,
    name: 'report:compare',
    files: ['report/compare'],
    run: (bytes) => write(bytes, (all) => all.map((one) => compareReports(sampleReport(), one))),
  },
  {
    name: 'license-expression',
    files: ['report/license'],
    seeds: () => [
      ...harvestSeeds('report/'),
      Buffer.from('(MIT OR GPL-2.0-only WITH Classpath-exception-2.0) AND Apache-2.0'),
    ],
    run: (bytes) => void readLicenseExpression(bytes.toString()),
  },
];
