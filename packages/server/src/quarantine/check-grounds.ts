/**
 * Whether a recorded decision is ground enough to take an image out of a registry without a person.
 * The policy engine has withheld what rests on weak grounds; this looks at the record again, so
 * that no mistake there removes an image because of similarity, a known tool, or what was not
 * examined. Pure.
 */
import type { DecidedAction, DecidedRule, JudgedImage } from '@lazaret/protocol';

export interface RecordedGrounds {
  readonly verdict: string;
  readonly rules: readonly DecidedRule[];
  readonly images: readonly JudgedImage[];
}

/** Why a person has to approve it; undefined when the grounds suffice. */
export function weakGrounds(decision: RecordedGrounds, action: DecidedAction): string | undefined {
  if (decision.verdict !== 'fail') return `the verdict is ${decision.verdict}, not fail`;
  const named = decision.rules.filter(
    ({ id, state }) => action.rules.includes(id) && state === 'matched',
  );
  if (named.length === 0) return 'no rule of the decision matched';
  const strong = named.filter((rule) => !restsOnWeakEvidence(rule));
  if (strong.length === 0) {
    return 'the rules only matched by similarity or a known tool (NSRL)';
  }
  if (strong.some((rule) => hasFindings(rule) || isExamined(rule, decision.images))) {
    return undefined;
  }
  return 'not everything was examined, and the rules do not rest on a finding';
}

interface Finding {
  readonly class?: unknown;
  readonly scanner?: unknown;
}

function findingsOf(rule: DecidedRule): readonly Finding[] {
  const found = rule.evidence.filter(({ from }) => from === 'findings');
  return found.flatMap(({ items }) => items as readonly Finding[]);
}

/** Only if all of it is shown: what is omitted may be strong. */
function restsOnWeakEvidence(rule: DecidedRule): boolean {
  const findings = findingsOf(rule);
  const isAll = rule.evidence.every(({ from, items, total }) => {
    return from === 'findings' && items.length === total;
  });
  return findings.length > 0 && isAll && findings.every(isWeak);
}

function isWeak({ class: kind, scanner }: Finding): boolean {
  return kind === 'similar' || (kind === 'dual-use' && scanner === 'hash-set');
}

function hasFindings(rule: DecidedRule): boolean {
  return findingsOf(rule).some((finding) => !isWeak(finding));
}

/** Whether the image that the rule is about, or each of several, was examined completely. */
function isExamined({ image }: DecidedRule, images: readonly JudgedImage[]): boolean {
  const about = images.filter(({ digest }) => image === null || digest === image);
  return about.length > 0 && about.every(({ inspected }) => inspected !== 'incomplete');
}
