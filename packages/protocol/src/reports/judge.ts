/**
 * Computes the verdict from findings and coverage. Pure.
 *
 * A malicious finding counts whatever else is missing. Without one, anything that was not fully
 * examined makes the verdict `incomplete`: limits, errors and stale signatures are never "clean",
 * and never "malware" either.
 */
import { malwareScanners, type Coverage, type Verdict } from './coverage.ts';
import type { Finding } from './finding.ts';

type Judged = Pick<Finding, 'class' | 'severity' | 'rule' | 'scanner'>;

/** The verdict of an inspection; `reasons` name what decided. */
export function judge(findings: readonly Judged[], coverage: Coverage): Verdict {
  const found = judgeFindings(findings);
  if (found !== undefined) return found;
  if (!coverage.complete) return { state: 'incomplete', reasons: gapReasons(coverage) };
  if (!coverage.scanners.some(({ scanner }) => malwareScanners.has(scanner))) {
    return { state: 'unscanned', reasons: ['no malware scanner ran'] };
  }
  return { state: 'clean', reasons: [] };
}

/** What findings alone decide; undefined when coverage decides. */
export function judgeFindings(findings: readonly Judged[]): Verdict | undefined {
  const malicious = findings.filter(isMalicious);
  if (malicious.length > 0) return { state: 'malicious', reasons: rulesOf(malicious) };
  const suspicious = findings.filter(isSuspicious);
  if (suspicious.length > 0) return { state: 'suspicious', reasons: rulesOf(suspicious) };
  return undefined;
}

/** Identified as malicious by an engine, a rule or a list, at medium severity or above. */
function isMalicious({ class: kind, severity }: Judged): boolean {
  return (kind === 'malware' || kind === 'known-bad') && severity !== 'info' && severity !== 'low';
}

/** A similarity or a known tool alone does not change the verdict. */
function isSuspicious({ class: kind, severity }: Judged): boolean {
  if (kind === 'malware' || kind === 'known-bad') return severity === 'low';
  return kind === 'structure' && (severity === 'high' || severity === 'critical');
}

const reasonsListed = 10;

function rulesOf(findings: readonly Judged[]): string[] {
  const rules = [...new Set(findings.map(({ scanner, rule }) => `${scanner}: ${rule}`))].toSorted();
  if (rules.length <= reasonsListed) return rules;
  return [...rules.slice(0, reasonsListed), `and ${rules.length - reasonsListed} more`];
}

function gapReasons({ gaps, gapCount, scanners, layers }: Coverage): string[] {
  const unhealthy = new Set(
    scanners.filter(({ healthy }) => !healthy).map(({ scanner }) => scanner),
  );
  const counted = new Map<string, number>();
  for (const { by, reason } of gaps) {
    // Reported once, not for every file.
    if (reason === 'unhealthy' && unhealthy.has(by)) continue;
    const key = `${by}: ${reason.replaceAll('_', ' ')}`;
    counted.set(key, (counted.get(key) ?? 0) + 1);
  }
  const reasons = [...counted].map(([key, count]) => (count === 1 ? key : `${key} (${count})`));
  const more = gapCount > gaps.length ? [`${gapCount - gaps.length} more gaps`] : [];
  const missing = layers.missing > 0 ? [`${layers.missing} layers not examined`] : [];
  return [
    ...missing,
    ...[...unhealthy].map((scanner) => `${scanner}: unhealthy`),
    ...reasons,
    ...more,
  ];
}
