// Not in the quick check: random policies are evaluated.
/** What holds for any facts and findings. */
import { findingClass, policyVerdicts, severity } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { findingId } from '../facts/finding-id.ts';
import { withFindings } from '../facts/build-facts.ts';
import type { PolicyFacts, PolicyFinding } from '../facts/fact-schema.ts';
import { evaluateSample, sampleFacts, samplePolicy } from '../testing/sample.ts';

const finding: fc.Arbitrary<PolicyFinding> = fc
  .record({
    scanner: fc.constantFrom('clamav', 'yara', 'hash-set', 'similarity', 'vulnerabilities'),
    class: fc.constantFrom(...findingClass.options),
    severity: fc.constantFrom(...severity.options),
    rule: fc.constantFrom('a', 'b', 'CVE-2024-1'),
    title: fc.string(),
    signatures: fc.constant('1'),
    path: fc.constantFrom('a', 'b/c'),
  })
  .map((one) => ({ id: findingId(one), ...one }));
const findings = fc.array(finding, { maxLength: 6 });

const gaps = [{ by: 'clamav', reason: 'too_large' }];
const complete = sampleFacts();
const partial = sampleFacts({ coverage: { complete: false, gaps } });
const facts: fc.Arbitrary<PolicyFacts> = fc
  .tuple(fc.constantFrom(complete, partial), findings)
  .map(([base, list]) => withFindings(base, list));

/** Conditions that more findings can only make true. */
const condition = fc
  .tuple(
    fc.constantFrom(...findingClass.options),
    fc.constantFrom(...severity.options),
    fc.nat({ max: 2 }),
  )
  .chain(([kind, least, count]) =>
    fc.constantFrom(
      `findings.exists(f, f.class == "${kind}" && f.severity.atLeast("${least}"))`,
      `findings.filter(f, f.severity.atLeast("${least}")).size() > ${count}`,
      `findings.size() > ${count}`,
      `vulnerabilities.exists(v, v.severity.atLeast("${least}"))`,
      'verdict.state == "malicious"',
      '!coverage.complete',
    ),
  );
const effect = fc.constantFrom('fail', 'warn', 'none');
const policy = fc.array(fc.tuple(condition, effect), { minLength: 1, maxLength: 4 }).map((rules) =>
  samplePolicy(
    rules
      .map(
        ([text, effectOf], index) =>
          `  - { id: r${index}, condition: '${text}', effect: ${effectOf}, ` +
          'actions: [report, quarantine, delete] }',
      )
      .join('\n'),
    `actions:
  quarantine: { enabled: true, dryRun: false }
  delete: { enabled: true, dryRun: false }
exceptions:
  - { reason: r, owner: o, expires: 2028-01-01, match: { vulnerability: CVE-2024-1 } }`,
  ),
);

test('the same policy and facts give the same result', () => {
  fc.assert(
    fc.property(policy, facts, (one, image) => {
      expect(evaluateSample(one, image)).toEqual(evaluateSample(one, structuredClone(image)));
    }),
    { numRuns: 50 },
  );
});

test('an added finding never makes the verdict better', () => {
  fc.assert(
    fc.property(policy, facts, finding, (one, image, added) => {
      const before = evaluateSample(one, image).verdict;
      const after = evaluateSample(one, withFindings(image, [...image.findings, added])).verdict;
      const rank = (verdict: typeof before): number => policyVerdicts.indexOf(verdict);
      expect(rank(after)).toBeGreaterThanOrEqual(rank(before));
    }),
    { numRuns: 150 },
  );
});

test('quarantine and deletion never happen without a strong finding, or complete coverage', () => {
  const isStrong = ({ class: kind, scanner }: PolicyFinding): boolean =>
    kind !== 'similar' && !(kind === 'dual-use' && scanner === 'hash-set');
  fc.assert(
    fc.property(policy, facts, (one, image) => {
      const { actions } = evaluateSample(one, image);
      const taken = actions.some(
        ({ action, state }) => ['quarantine', 'delete'].includes(action) && state === 'apply',
      );
      // every condition above is about findings or coverage
      if (taken) expect(image.findings.some(isStrong)).toBe(true);
    }),
    { numRuns: 150 },
  );
});
