/** The facts of a report as policies see them. Pure. */
import { judge, type InspectionReport } from '@lazaret/protocol';

import { policyLimits } from '../limits.ts';
import type {
  PolicyContext,
  PolicyFacts,
  PolicyFinding,
  PolicyScript,
  PolicyVulnerability,
} from './fact-schema.ts';
import { findingId } from './finding-id.ts';

export interface FactOptions {
  /** Where the image was found, if it was not inspected from there. */
  readonly context?: Omit<PolicyContext, 'labels'>;
  /** Time of the evaluation, RFC 3339. */
  readonly now: string;
  /** Results of scripts in the image; absent where they are unknown. */
  readonly scripts?: readonly PolicyScript[];
}

/** @param report A valid report; its verdict is computed again from its findings and coverage. */
export function buildFacts(
  report: InspectionReport,
  { context, now, scripts }: FactOptions,
): PolicyFacts {
  const { files, coverage } = report;
  const { labels } = report.image?.config ?? {};
  const digest = context?.digest ?? report.image?.manifestDigest;
  const facts: PolicyFacts = {
    image: buildImage(report),
    context: { ...context, ...defined({ digest, labels }) },
    now,
    verdict: report.verdict,
    findings: [],
    vulnerabilities: [],
    packages: report.packages,
    ...(files !== undefined && files.length <= policyLimits.files && { files }),
    special: report.special,
    ...defined({ unowned: report.unowned, distribution: report.distribution }),
    users: report.users,
    passwords: report.passwords,
    groups: report.groups,
    layers: report.layers,
    coverage,
    scanners: coverage.scanners,
    diagnostics: report.diagnostics,
    ...(scripts !== undefined && { scripts: [...scripts] }),
  };
  const findings = report.findings.map((one) => ({ id: findingId(one), ...one }));
  return withFindings(facts, findings);
}

function buildImage({ image, source }: InspectionReport): PolicyFacts['image'] {
  const { names = [], manifestDigest, config, ...rest } = image ?? {};
  return {
    ...{ reference: source.reference, source: source.kind, names },
    ...defined({ resolved: source.resolved, digest: manifestDigest }),
    ...defined({ config: config === undefined ? undefined : buildConfig(config) }),
    ...defined(rest),
  };
}

/** The facts with other findings, and all that follows from findings. */
export function withFindings(facts: PolicyFacts, findings: readonly PolicyFinding[]): PolicyFacts {
  return {
    ...facts,
    findings: [...findings],
    vulnerabilities: findings.flatMap(toVulnerability),
    verdict: judge(findings, facts.coverage),
  };
}

/** Why a variable is not available; undefined if it is. */
export function unavailableReason(facts: PolicyFacts, variable: string): string | undefined {
  if (variable === 'scripts' && facts.scripts === undefined) {
    return 'results of scripts are not part of a report: only a server has them';
  }
  if (variable !== 'files' || facts.files !== undefined) return undefined;
  return (
    'the report has no list of files: it was made without --files, or has more than ' +
    `${policyLimits.files.toLocaleString('en')} files`
  );
}

function buildConfig(config: NonNullable<NonNullable<InspectionReport['image']>['config']>) {
  const { created, ...rest } = config;
  const ms = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(ms) ? rest : { ...rest, created: new Date(ms).toISOString() };
}

function toVulnerability(finding: PolicyFinding): PolicyVulnerability[] {
  if (finding.class !== 'vulnerability') return [];
  const { evidence = {}, rule, purl, path, layer, hiddenBy, severity, title } = finding;
  const { installed, fixed, score } = evidence;
  return [
    {
      ...{ id: rule, finding: finding.id, severity, title },
      cves: textsOf(evidence['cve']),
      aliases: textsOf(evidence['aliases']),
      ...(purl !== undefined && { purl }),
      ...(path !== undefined && { path }),
      ...(layer !== undefined && { layer }),
      ...(hiddenBy !== undefined && { hiddenBy }),
      ...(typeof installed === 'string' && { installed }),
      ...(typeof fixed === 'string' && { fixed }),
      ...(typeof score === 'number' && { score }),
    },
  ];
}

export function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' && value !== '' ? [value] : [];
}

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Without the fields that are undefined. */
function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<Fields>;
}
