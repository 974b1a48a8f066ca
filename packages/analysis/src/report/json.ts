/** Reports as JSON: the published schema, and reports that were saved earlier. */
import { inspectionReport, type InspectionReport, upgradeReport } from '@lazaret/protocol';
import { z } from 'zod';

/** The input is not a valid report; lists the invalid fields. */
export class ReportError extends Error {
  readonly fields: readonly { readonly path: string; readonly message: string }[];

  constructor(message: string, fields: ReportError['fields'] = []) {
    super(message);
    this.name = 'ReportError';
    this.fields = fields;
  }
}

const maxFieldsListed = 5;

/** The JSON Schema (2020-12) of one report. */
export function reportSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(inspectionReport, { io: 'output' });
  return {
    $schema,
    title: 'Inspection report of Lazaret',
    description:
      'What `lazaret inspect --output json` prints for one platform of an image, or a directory; ' +
      'for several platforms it prints an array of these.',
    ...rest,
  };
}

/** One report alone, several as an array. */
export function toJsonValue(reports: readonly InspectionReport[]): unknown {
  return reports.length === 1 ? reports[0] : reports;
}

/** The reports in a parsed document; throws a ReportError. */
export function readReports(value: unknown): readonly InspectionReport[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new ReportError('it contains no report');
  return list.map((one, index) => {
    const parsed = inspectionReport.safeParse(upgradeReport(one));
    if (parsed.success) return parsed.data;
    const { issues } = parsed.error;
    const prefix = Array.isArray(value) ? [index] : [];
    throw new ReportError(
      'it is not a report of lazaret inspect',
      issues.slice(0, maxFieldsListed).map(({ path, message }) => ({
        path: [...prefix, ...path].join('.'),
        message,
      })),
    );
  });
}
