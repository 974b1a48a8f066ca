/** Policy documents, conditions and VEX documents. */
import { parsePolicy } from '../../../packages/policy/src/document/parse-policy.ts';
import { evaluatePolicy } from '../../../packages/policy/src/evaluation/evaluate-policy.ts';
import {
  compileExpression,
  FactBindings,
} from '../../../packages/policy/src/expression/compile-expression.ts';
import { variables } from '../../../packages/policy/src/expression/catalogue.ts';
import { functions } from '../../../packages/policy/src/expression/functions.ts';
import { Meter } from '../../../packages/policy/src/expression/meter.ts';
import { compareSample, sampleFacts } from '../../../packages/policy/src/testing/sample.ts';
import { readVex } from '../../../packages/policy/src/vex/read-vex.ts';
import { VexError } from '../../../packages/policy/src/vex/vex-document.ts';
import { readText } from '../../../test/source/source-file.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { harvestSeeds } from '../harvest.ts';

const policy = 'packages/policy/src/';

const facts = sampleFacts({
  findings: [
    { class: 'malware', rule: 'x', path: 'usr/bin/x', line: 3 },
    { class: 'vulnerability', rule: 'CVE-2024-1', purl: 'pkg:deb/a@1', evidence: { score: 7.5 } },
  ],
  packages: [{ type: 'deb', name: 'a', version: '1' }],
  users: [{ name: 'root', uid: 0 }],
  files: [{ path: 'etc/passwd' }],
});
const bindings = new FactBindings(facts);
const steps = 100_000;

/** Errors that a well-typed expression cannot end in, unless it reads untyped evidence. */
const typeErrors = /no matching overload|unresolved attribute|unbound function|does not take/;

function runExpression(text: string): void {
  const { expression, faults = [] } = compileExpression(text, { expected: [{ kind: 'bool' }] });
  for (const { offset } of faults) {
    promise(offset >= 0 && offset <= text.length, `a fault at ${offset} of ${text.length}`);
  }
  if (expression === undefined) return;
  const runtime = { meter: new Meter(steps), compareVersions: compareSample };
  const { value, error } = expression.evaluate(bindings, runtime);
  promise(error !== undefined || typeof value === 'boolean', `not a condition: ${String(value)}`);
  const library = { meter: new Meter(steps), compareVersions: compareSample };
  const byLibrary = expression.evaluateByLibrary(bindings, library);
  promise(byLibrary.value === value && byLibrary.error === error, 'not what the library gives');
  promise(library.meter.spent === runtime.meter.spent, 'not the steps of the library');
  const isTyped = !text.includes('evidence');
  promise(!isTyped || !typeErrors.test(error ?? ''), `a type error when it runs: ${error ?? ''}`);
}

function runDocument(text: string): void {
  const { policy: parsed, faults = [] } = parsePolicy(text);
  const lines = text.split('\n').length;
  for (const { line = 1, column = 1 } of faults) {
    promise(line >= 1 && line <= lines && column >= 1, `a fault at line ${line} of ${lines}`);
  }
  if (parsed === undefined) {
    promise(faults.length > 0, 'neither a policy nor a fault');
    return;
  }
  const result = evaluatePolicy(parsed, { facts, compareVersions: compareSample, steps });
  promise(result.rules.length === parsed.rules.length, 'one result for each rule');
  promise(result.verdict !== 'pass' || result.reasons.length === 0, 'reasons for a pass');
}

function runVex(text: string): void {
  const options = { source: 'vex.json', owner: 'o', expires: '2028-01-01T00:00:00Z' };
  for (const { match, reason } of readVex(text, options).exceptions) {
    promise(match.package !== undefined, 'a statement accepts every package');
    promise(/^VEX: (not_affected|fixed)/.test(reason), `accepted because of: ${reason}`);
  }
}

const vexSamples = [
  {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    statements: [
      {
        vulnerability: { name: 'CVE-2024-1', aliases: ['GHSA-x'] },
        products: [
          { '@id': 'pkg:deb/a@1', identifiers: { purl: 'pkg:deb/b' } },
          {
            '@id': `pkg:oci/a@sha256%3A${'a'.repeat(64)}`,
            subcomponents: [{ '@id': 'pkg:deb/c' }],
          },
        ],
        status: 'not_affected',
        justification: 'component_not_present',
      },
      { vulnerability: 'CVE-2024-2', products: ['pkg:deb/a@1'], status: 'fixed' },
    ],
  },
  {
    document: { csaf_version: '2.0' },
    product_tree: {
      branches: [
        { product: { product_id: 'a', product_identification_helper: { purl: 'pkg:rpm/a@1' } } },
      ],
      relationships: [{ product_reference: 'a', full_product_name: { product_id: 'b:a' } }],
    },
    vulnerabilities: [
      {
        cve: 'CVE-2024-1',
        ids: [{ text: 'X-1' }],
        product_status: { known_not_affected: ['a', 'b:a'], fixed: ['a'], known_affected: ['a'] },
        flags: [{ label: 'component_not_present', product_ids: ['a'] }],
        threats: [{ category: 'impact', details: 'none', product_ids: ['b:a'] }],
      },
    ],
  },
];

/** Conditions of the policy that is shipped. */
function conditions(): Buffer[] {
  const { policy: parsed } = parsePolicy(readText('policies/default.yaml'));
  return (parsed?.rules ?? []).map(({ compiled }) => Buffer.from(compiled.text));
}

export const policyTargets: readonly FuzzTarget[] = [
  {
    name: 'policy:document',
    files: [`${policy}document/`, `${policy}evaluation/`],
    seeds: () => [
      Buffer.from(readText('policies/default.yaml')),
      ...harvestSeeds(`${policy}document`),
    ],
    run: (bytes) => runDocument(bytes.toString()),
  },
  {
    name: 'policy:expression',
    files: [`${policy}expression/`],
    seeds: () => [...conditions(), ...harvestSeeds(`${policy}expression`)],
    words: [...variables.keys(), ...functions.map(({ name }) => `.${name}(`), 'has(', 'f.', 'u.'],
    run: (bytes) => runExpression(bytes.toString()),
    maxBytes: 1_024,
    weight: 2,
  },
  {
    name: 'policy:vex',
    files: [`${policy}vex/`],
    seeds: () => [
      ...vexSamples.map((one) => Buffer.from(JSON.stringify(one))),
      ...harvestSeeds(`${policy}vex`),
    ],
    run: (bytes) => runVex(bytes.toString()),
    errors: [VexError],
  },
];
