/**
 * Whether what a rule found is ground enough to move or delete an image. Authors cannot weaken
 * this: the rule is evaluated again on facts from which weak grounds were removed, and must still
 * match.
 *
 * Weak are: similarity to known malware, known tools of a software reference (NSRL), and that
 * something could not be examined. And if something was not examined, the rule has to rest on a
 * finding, since what seems to be absent may be in what is missing.
 */
import type { Coverage } from '@lazaret/protocol';

import { withFindings } from '../facts/build-facts.ts';
import type { PolicyFacts, PolicyFinding } from '../facts/fact-schema.ts';

/** Whether a rule matches on other facts; false too if it cannot be evaluated on them. */
export type MatchesOn = (facts: PolicyFacts) => boolean;

/** Why the grounds are too weak; undefined if they are not. */
export function weakGrounds(facts: PolicyFacts, matchesOn: MatchesOn): string | undefined {
  const strong = completed(withoutFindings(facts, isWeak));
  if (!matchesOn(strong)) return reasonFor(facts, matchesOn);
  if (facts.coverage.complete) return undefined;
  if (!matchesOn(withFindings(strong, []))) return undefined;
  return 'not everything could be examined, and the rule does not rest on a finding';
}

function reasonFor(facts: PolicyFacts, matchesOn: MatchesOn): string {
  if (!matchesOn(completed(facts))) return 'it only matches what could not be examined';
  if (!matchesOn(withoutFindings(facts, isSimilar))) return 'it only matches by similarity';
  if (!matchesOn(withoutFindings(facts, isKnownTool))) {
    return 'it only matches a known tool of a software reference (NSRL)';
  }
  return 'it only matches by similarity, known tools and what could not be examined together';
}

function isSimilar({ class: kind }: PolicyFinding): boolean {
  return kind === 'similar';
}

function isKnownTool({ class: kind, scanner }: PolicyFinding): boolean {
  return kind === 'dual-use' && scanner === 'hash-set';
}

function isWeak(finding: PolicyFinding): boolean {
  return isSimilar(finding) || isKnownTool(finding);
}

function withoutFindings(
  facts: PolicyFacts,
  isOut: (finding: PolicyFinding) => boolean,
): PolicyFacts {
  return withFindings(
    facts,
    facts.findings.filter((one) => !isOut(one)),
  );
}

/** As if everything had been examined by healthy scanners with the signatures of now. */
function completed(facts: PolicyFacts): PolicyFacts {
  const { layers } = facts.coverage;
  const scanners = facts.scanners.map((scanner) => ({
    ...scanner,
    ...{ healthy: true, partial: 0, failed: 0, signaturesAt: facts.now },
    ...(scanner.feeds !== undefined && {
      feeds: scanner.feeds.map((feed) => ({ ...feed, importedAt: facts.now, newestAt: facts.now })),
    }),
  }));
  const coverage: Coverage = {
    ...facts.coverage,
    ...{ complete: true, gaps: [], gapCount: 0, scanners },
    layers: { ...layers, partial: 0, missing: 0, examined: layers.listed - layers.cached },
  };
  const repaired = facts.layers.map((layer) => ({
    ...layer,
    state: layer.state === 'cached' ? ('cached' as const) : ('examined' as const),
  }));
  return withFindings(
    { ...facts, coverage, scanners, layers: repaired, diagnostics: [] },
    facts.findings,
  );
}
