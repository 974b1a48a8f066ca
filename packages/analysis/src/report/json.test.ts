import { readFileSync } from 'node:fs';

import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { arbitraryReport } from '../testing/arbitrary-report.ts';
import { sampleReport } from '../testing/report-sample.ts';
import { readReports, ReportError, reportSchema, toJsonValue } from './json.ts';

const page = new URL('../../../../docs/inspection-report.schema.json', import.meta.url);
const published = JSON.parse(readFileSync(page, 'utf8')) as object;

it('publishes the schema that reports have', () => {
  expect(published).toEqual(JSON.parse(JSON.stringify(reportSchema())));
});

it('writes reports that the published schema allows and that can be read again', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(published);
  fc.assert(
    fc.property(fc.array(arbitraryReport(), { minLength: 1, maxLength: 2 }), (reports) => {
      const text = JSON.stringify(toJsonValue(reports));
      const value: unknown = JSON.parse(text);
      for (const one of [value].flat()) {
        expect(validate(one), JSON.stringify(validate.errors)).toBe(true);
      }
      expect(readReports(value)).toEqual(JSON.parse(JSON.stringify(reports)));
    }),
    { numRuns: 30 },
  );
});

it('refuses invalid reports, with the location', () => {
  const { verdict: _, ...rest } = sampleReport();
  expect(() => readReports([])).toThrow(ReportError);
  expect(() => readReports('text')).toThrow(ReportError);
  try {
    readReports([sampleReport(), rest]);
    expect.unreachable();
  } catch (error) {
    expect((error as ReportError).fields.map(({ path }) => path)).toEqual(['1.verdict']);
  }
});
