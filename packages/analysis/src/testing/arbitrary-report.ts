/** Reports with any content that the schema allows, including hostile text. */
import { inspectionReport, type InspectionReport } from '@lazaret/protocol';
import fc from 'fast-check';
import { z } from 'zod';

type Schema = z.core.JSONSchema.BaseSchema;

/** Text with a special meaning in terminals, viewers, URLs and formats. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '../../../etc/passwd',
  '//evil.example/x',
  'javascript:alert(1)',
  '<img src=x onerror=alert(1)>',
  '[click](https://evil.example)',
  '{0} {1}',
  '\u001B[2J\u001B]0;owned\u0007',
  '\u202Egnp.exe',
  '\uD800',
  '%00%2e%2e/',
  '__proto__',
  'a.zip!/b\nc\u0000d',
  'pkg:npm/x y',
  'pkg:deb/debian/a@1?arch=x#sub',
  'MIT',
  'GPL-2.0-only WITH Classpath-exception-2.0',
  '((MIT',
  'x'.repeat(2_000),
];

/** Deep enough for every field of a report. */
export function arbitraryReport(): fc.Arbitrary<InspectionReport> {
  const schema = z.toJSONSchema(inspectionReport, { io: 'output' }) as Schema;
  return toArbitrary(schema).map((value) => {
    const report = inspectionReport.parse(value);
    return { ...report, layers: report.layers.map((layer, index) => ({ ...layer, index })) };
  });
}

function toArbitrary(schema: Schema): fc.Arbitrary<unknown> {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return fc.oneof(...options.map((one) => toArbitrary(one as Schema)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'object') return objectArbitrary(schema);
  if (schema.type === 'array') {
    return fc.array(toArbitrary(schema.items as Schema), { maxLength: 4 });
  }
  if (schema.type === 'string') return stringArbitrary(schema);
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer') return fc.oneof(fc.integer({ min: -1, max: 4 }), fc.integer());
  if (schema.type === 'number') return fc.integer();
  throw new Error(`no arbitrary for ${JSON.stringify(schema)}`);
}

function objectArbitrary(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.properties === undefined) {
    const value = toArbitrary(schema.additionalProperties as Schema);
    return fc.dictionary(fc.string({ maxLength: 8 }), value, { maxKeys: 3 });
  }
  const fields = Object.entries(schema.properties);
  const required = schema.required ?? [];
  return fc.record(
    Object.fromEntries(fields.map(([name, one]) => [name, toArbitrary(one as Schema)])),
    { requiredKeys: required },
  );
}

function stringArbitrary({ pattern, format }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.constant('2026-01-02T03:04:05Z');
  if (pattern !== undefined) return digestArbitrary(pattern);
  return anyText;
}

// made once: a report has a hundred texts
const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.webUrl() },
);

/** The only patterns of a report are those of digests. */
function digestArbitrary(pattern: string): fc.Arbitrary<string> {
  const isPrefixed = new RegExp(pattern).test(`sha256:${'0'.repeat(64)}`);
  const hex = fc.nat().map((value) => value.toString(16).padStart(64, '0'));
  return isPrefixed ? hex.map((text) => `sha256:${text}`) : hex;
}
