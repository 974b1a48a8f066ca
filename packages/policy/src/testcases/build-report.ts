/**
 * The report of a test case from the few parts that matter to it. Everything else is that of an
 * image that was fully examined by a healthy malware scanner without findings.
 */
import { inspectionReport, type InspectionReport } from '@lazaret/protocol';
import { z } from 'zod';

import { suggest } from '../expression/suggest.ts';

export type ReportResult =
  | { readonly report: InspectionReport; readonly problems?: undefined }
  | { readonly report?: undefined; readonly problems: readonly string[] };

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

const schema = z.toJSONSchema(inspectionReport, { io: 'output', reused: 'inline' }) as Schema;

/** @param facts Parts of a report, and `vulnerabilities` or `scanners` by mistake. */
export function buildReport(facts: Readonly<Record<string, unknown>>): ReportResult {
  const problems = Object.keys(derived)
    .filter((name) => name in facts)
    .map((name) => `facts.${name}: ${derived[name] ?? ''}`);
  if (problems.length > 0) return { problems };
  problems.push(...findUnknown(facts, schema, 'facts'));
  if (problems.length > 0) return { problems };
  const value = fill(merge(usual, facts), schema);
  const parsed = inspectionReport.safeParse(value);
  if (parsed.success) return { report: parsed.data };
  return {
    problems: parsed.error.issues.map(
      ({ path, message }) => `facts.${path.map(String).join('.')}: ${message}`,
    ),
  };
}

/** Variables that follow from other parts of a report. */
const derived: Readonly<Record<string, string>> = {
  vulnerabilities: 'write findings of class "vulnerability"; vulnerabilities follow from them',
  scanners: 'write coverage.scanners; scanners follow from it',
  context: 'write "context" next to "facts"',
  verdict: 'the verdict follows from the findings and the coverage',
};

const clamav = {
  scanner: 'clamav',
  engine: 'ClamAV 1.4.3',
  signatures: '27800',
  ...{ healthy: true, examined: 1, cached: 0, partial: 0, failed: 0 },
};

const usual = {
  schema: 'lazaret-inspection/2',
  tool: { name: 'lazaret', version: '0' },
  source: { kind: 'registry', reference: 'registry.example/app:1' },
  image: {
    names: ['registry.example/app:1'],
    manifestDigest: `sha256:${'1'.repeat(64)}`,
    platform: { os: 'linux', architecture: 'amd64' },
    config: { history: [] },
  },
  coverage: { complete: true, scanners: [clamav] },
  fingerprint: '0'.repeat(64),
};

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: Fields, over: Fields): Fields {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const own = merged[name];
    merged[name] = isFields(own) && isFields(value) ? merge(own, value) : value;
  }
  return merged;
}

function findUnknown(value: unknown, { properties, items }: Schema, path: string): string[] {
  if (Array.isArray(value) && items !== undefined) {
    return value.flatMap((one, index) => findUnknown(one, items, `${path}[${index}]`));
  }
  if (!isFields(value) || properties === undefined) return [];
  return Object.entries(value).flatMap(([name, one]) => {
    const known = properties[name];
    if (known !== undefined) return findUnknown(one, known, `${path}.${name}`);
    return [`${path}.${name}: unknown field; ${suggest(name, Object.keys(properties))}`];
  });
}

/** Adds what a report must have and the value lacks. */
function fill(value: unknown, own: Schema): unknown {
  const { properties, required = [], items } = own;
  if (Array.isArray(value) && items !== undefined) {
    return value.map((one) => fill(one, items));
  }
  if (!isFields(value) || properties === undefined) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [field, schemaOfField] of Object.entries(properties)) {
    if (field in value) filled[field] = fill(value[field], schemaOfField);
    else if (required.includes(field)) filled[field] = usualValue(schemaOfField, field, value);
  }
  return filled;
}

/** Values that fit better than an empty one. */
const usualValues: Readonly<Record<string, (of: Fields) => unknown>> = {
  scanner: ({ class: kind }) => scannerOf[String(kind)] ?? 'checks',
  class: () => 'malware',
  severity: ({ class: kind }) => (kind === 'similar' ? 'low' : 'high'),
  title: ({ rule }) => rule ?? '',
  state: () => 'installed',
  purl: ({ type, name, version }) =>
    `pkg:${textOf(type) || 'generic'}/${textOf(name)}@${textOf(version)}`,
  healthy: () => true,
  gapCount: ({ gaps }) => (Array.isArray(gaps) ? gaps.length : 0),
};

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const scannerOf: Readonly<Record<string, string>> = {
  malware: 'clamav',
  'known-bad': 'hash-set',
  'dual-use': 'hash-set',
  similar: 'similarity',
  secret: 'secrets',
  vulnerability: 'vulnerabilities',
  undefined: 'clamav',
};

function usualValue(own: Schema, field: string, of: Fields): unknown {
  const special = usualValues[field]?.(of);
  const isPossible = own.enum === undefined || own.enum.includes(special);
  if (special !== undefined && isPossible && own.type === typeOf(special)) return special;
  if (own.const !== undefined) return own.const;
  if (own.enum !== undefined) return own.enum[0];
  if (own.type === 'object') return fill({}, own);
  if (own.format === 'date-time') return '1970-01-01T00:00:00Z';
  return emptyValues[own.type ?? ''];
}

const emptyValues: Readonly<Record<string, unknown>> = {
  string: '',
  integer: 0,
  number: 0,
  boolean: false,
  array: [],
};

function typeOf(value: unknown): string {
  return typeof value === 'number' ? 'integer' : typeof value;
}
