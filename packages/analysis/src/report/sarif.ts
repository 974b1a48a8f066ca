/** Reports as one SARIF 2.1.0 log (OASIS Standard), with a run for each report. */
import { createHash } from 'node:crypto';

import {
  notChecked,
  type Gap,
  type InspectionReport,
  type NotChecked,
  type PlacedFinding,
  type Severity,
} from '@lazaret/protocol';

import { encodeText } from './components.ts';
import { findLinks } from './finding-evidence.ts';
import {
  placeText,
  platformText,
  reportUuid,
  severityOrder,
  subjectName,
  type ReportOptions,
} from './report-identity.ts';
import { plainMessage } from './sarif-message.ts';

/** A SARIF log as plain JSON. */
export type SarifLog = Readonly<Record<string, unknown>>;
type Node = Readonly<Record<string, unknown>>;

const schema =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** Every finding is a result; every gap of the coverage is a notification of the run. */
export function toSarif(
  reports: readonly InspectionReport[],
  options: ReportOptions = {},
): SarifLog {
  return { $schema: schema, version: '2.1.0', runs: reports.map((one) => toRun(one, options)) };
}

function toRun(report: InspectionReport, { timestamp }: ReportOptions): Node {
  const rules = collectRules(report.findings);
  const artifacts = collectArtifacts(report);
  const platform = platformText(report);
  const subject = [subjectName(report), ...(platform === undefined ? [] : [platform])].join(' ');
  return {
    tool: {
      driver: {
        name: report.tool.name,
        version: report.tool.version,
        rules: [...rules.values()].map(({ node }) => node),
      },
    },
    automationDetails: {
      id: `lazaret/${encodeText(subject)}/`,
      guid: reportUuid(report, 'sarif'),
    },
    invocations: [
      {
        // a partial inspection is not successful, whatever it found
        executionSuccessful: report.coverage.complete,
        ...(timestamp === undefined ? {} : { endTimeUtc: timestamp }),
        toolExecutionNotifications: [
          ...report.coverage.gaps.map(describeGap),
          ...notChecked(report).map(describeNotChecked),
        ],
      },
    ],
    ...(artifacts.size === 0 ? {} : { artifacts: [...artifacts.values()].map(({ node }) => node) }),
    columnKind: 'utf16CodeUnits',
    results: report.findings.map((finding) =>
      describeResult(finding, { report, rules, artifacts }),
    ),
    properties: {
      subject,
      verdict: report.verdict.state,
      verdictReasons: report.verdict.reasons,
      coverageComplete: report.coverage.complete,
      scanners: report.coverage.scanners.map(({ scanner, engine, healthy, ...about }) => ({
        ...{ scanner, engine, healthy, signatures: about.signatures },
        ...(about.signaturesAt !== undefined && { signaturesAt: about.signaturesAt }),
        ...(about.feeds !== undefined && { feeds: about.feeds }),
      })),
      gaps: report.coverage.gapCount,
      notChecked: notChecked(report).map(({ what }) => what),
      fingerprint: report.fingerprint,
    },
  };
}

interface Indexed {
  readonly index: number;
  readonly node: Node;
}

function ruleId({ scanner, rule }: PlacedFinding): string {
  return `${scanner}/${rule}`;
}

/** One rule for each scanner and signature, as severe as its worst finding. */
function collectRules(findings: readonly PlacedFinding[]): ReadonlyMap<string, Indexed> {
  const groups = new Map<string, { first: PlacedFinding; worst: Severity }>();
  for (const finding of findings) {
    const id = ruleId(finding);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { first: finding, worst: finding.severity });
    else if (rankOf(finding.severity) < rankOf(group.worst)) group.worst = finding.severity;
  }
  return new Map(
    [...groups].map(([id, { first, worst }], index) => {
      const [helpUri] = findLinks(first);
      const node = {
        id,
        shortDescription: { text: plainMessage(first.title) },
        ...(helpUri === undefined ? {} : { helpUri }),
        defaultConfiguration: { level: levels[worst] },
        properties: {
          tags: [...new Set(['security', first.class, first.scanner])],
          'security-severity': scoreOf(first) ?? scores[worst],
          signatures: first.signatures,
        },
      };
      return [id, { index, node }];
    }),
  );
}

const levels = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
} as const;

/** Numbers that code scanning services sort by, within the bands of CVSS. */
const scores = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0', info: '0.0' } as const;

/** The rating of the advisory, between 0 and 10. */
function scoreOf({ evidence }: PlacedFinding): string | undefined {
  const score = evidence?.['score'];
  const isScore = typeof score === 'number' && score >= 0 && score <= 10;
  return isScore ? score.toFixed(1) : undefined;
}

function rankOf(severity: Severity): number {
  return severityOrder.indexOf(severity);
}

/** The files that findings name, with their digests. */
function collectArtifacts({ findings }: InspectionReport): ReadonlyMap<string, Indexed> {
  const artifacts = new Map<string, Indexed>();
  for (const { path, layer, sha256 } of findings) {
    if (path === undefined) continue;
    const key = artifactKey(path, layer);
    if (artifacts.has(key)) continue;
    const node = {
      location: { uri: toUri(path) },
      ...(sha256 === undefined ? {} : { hashes: { 'sha-256': sha256 } }),
      ...(layer === undefined ? {} : { properties: { layer } }),
    };
    artifacts.set(key, { index: artifacts.size, node });
  }
  return artifacts;
}

function artifactKey(path: string, layer: number | undefined): string {
  return `${layer ?? ''}:${path}`;
}

interface RunContext {
  readonly report: InspectionReport;
  readonly rules: ReadonlyMap<string, Indexed>;
  readonly artifacts: ReadonlyMap<string, Indexed>;
}

function describeResult(finding: PlacedFinding, { report, rules, artifacts }: RunContext): Node {
  const { path, layer } = finding;
  const { title: _, rule: __, line: ___, offset: ____, ...properties } = finding;
  const id = ruleId(finding);
  const index = path === undefined ? undefined : artifacts.get(artifactKey(path, layer))?.index;
  const physicalLocation = known({
    artifactLocation: known({ uri: toUri(path ?? subjectName(report)), index }),
    region: describeRegion(finding),
  });
  return {
    ruleId: id,
    ruleIndex: rules.get(id)?.index ?? -1,
    level: levels[finding.severity],
    message: { text: plainMessage(messageOf(finding)) },
    locations: [
      known({
        physicalLocation,
        logicalLocations: layer === undefined ? undefined : [describeLayer(report, layer)],
      }),
    ],
    partialFingerprints: { 'lazaretFinding/v1': fingerprintOf(finding) },
    properties: known(properties),
  };
}

/** Without unknown fields. */
function known(fields: Readonly<Record<string, unknown>>): Node {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function describeLayer({ layers }: InspectionReport, index: number): Node {
  const diffId = layers[index]?.diffId;
  return {
    name: `layer ${index}`,
    kind: 'layer',
    ...(diffId === undefined ? {} : { fullyQualifiedName: diffId }),
  };
}

function describeRegion({ line, offset }: PlacedFinding): Node | undefined {
  if (line !== undefined && line >= 1) return { startLine: line };
  return offset !== undefined && offset >= 0 ? { byteOffset: offset } : undefined;
}

function messageOf(finding: PlacedFinding): string {
  const { title, scanner, rule, path, purl } = finding;
  const where = [path, purl, placeText(finding)].filter(
    (part) => part !== undefined && part !== '',
  );
  return `${title} (${scanner}: ${rule})${where.length === 0 ? '' : `: ${where.join(', ')}`}`;
}

/** Stays the same when layers are added below, or signatures are renewed. */
function fingerprintOf({ scanner, rule, path, sha256, purl, line }: PlacedFinding): string {
  const parts = [scanner, rule, path ?? null, sha256 ?? null, purl ?? null, line ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function describeGap({ by, reason, detail, path, layer }: Gap): Node {
  const where = [path, placeText({ layer })].filter((part) => part !== undefined && part !== '');
  const text = `${by}: ${reason}: ${detail}${where.length === 0 ? '' : ` (${where.join(', ')})`}`;
  return {
    level: 'warning',
    message: { text: plainMessage(text) },
    descriptor: { id: `coverage/${reason}` },
    ...(path === undefined
      ? {}
      : { locations: [{ physicalLocation: { artifactLocation: { uri: toUri(path) } } }] }),
    properties: { by, reason, ...(layer === undefined ? {} : { layer }) },
  };
}

function describeNotChecked({ what, detail }: NotChecked): Node {
  return {
    level: 'note',
    message: { text: plainMessage(detail) },
    descriptor: { id: `not-checked/${what}` },
    properties: { by: what, reason: 'not_checked' },
  };
}

/**
 * A relative reference; no part of a hostile path can become a scheme, a host or a parent
 * reference.
 */
function toUri(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const encoded = segments.map((segment) => (segment === '..' ? '%2E%2E' : encodeText(segment)));
  return encoded.length === 0 ? '.' : encoded.join('/');
}
