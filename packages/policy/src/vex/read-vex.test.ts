import { describe, expect, test } from 'vitest';

import { policyLimits } from '../limits.ts';
import { evaluateSample, ruleOf, sampleFacts, samplePolicy } from '../testing/sample.ts';
import { readVex } from './read-vex.ts';

const options = { source: 'vex.json', owner: 'alice', expires: '2028-01-01T00:00:00Z' };

function read(document: unknown) {
  return readVex(JSON.stringify(document), options);
}

const context = 'https://openvex.dev/ns/v0.2.0';
const statement = {
  vulnerability: { name: 'CVE-2024-1', aliases: ['GHSA-x'] },
  products: [{ '@id': 'pkg:deb/debian/openssl@3.0.1' }],
  status: 'not_affected',
  justification: 'vulnerable_code_not_in_execute_path',
};
const openVex = (...statements: unknown[]): unknown => ({ '@context': context, statements });

describe('OpenVEX', () => {
  test('a product that is not affected is accepted, under all names of the vulnerability', () => {
    expect(read(openVex(statement))).toEqual({
      notes: [],
      exceptions: ['CVE-2024-1', 'GHSA-x'].map((vulnerability) => ({
        id: 'vex.json statements[0]',
        reason: 'VEX: not_affected, vulnerable_code_not_in_execute_path',
        ...options,
        match: { vulnerability, package: 'pkg:deb/debian/openssl@3.0.1' },
      })),
    });
  });

  test('packages inside an image are accepted in that image only', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const products = [
      {
        '@id': `pkg:oci/app@${digest.replace(':', '%3A')}?repository_url=r.example/app`,
        subcomponents: [{ '@id': 'pkg:deb/openssl' }],
      },
    ];
    const { exceptions } = read(openVex({ ...statement, products }));
    expect(exceptions[0]?.match).toEqual({
      ...{ vulnerability: 'CVE-2024-1', package: 'pkg:deb/openssl', image: digest },
    });
  });

  test('version 0.0.1 has texts for vulnerabilities and products', () => {
    const old = { ...statement, vulnerability: 'CVE-2024-1', products: ['pkg:deb/openssl'] };
    expect(read(openVex(old)).exceptions).toHaveLength(1);
  });

  test.each([
    [{ status: 'affected' }, 'status "affected" accepts nothing'],
    [{ status: 'under_investigation' }, 'status "under_investigation" accepts nothing'],
    [{ justification: undefined }, '"not_affected" without a justification'],
    [{ products: [{ '@id': 'https://example.com/product' }] }, 'no product with a purl'],
    [{ products: undefined }, 'no product with a purl'],
    [
      { status: 'fixed', products: ['pkg:npm/@scope/name'] },
      '"fixed" without versions of the products would accept every version',
    ],
    [
      { status: 'fixed', products: ['pkg:deb/openssl'] },
      '"fixed" without versions of the products would accept every version',
    ],
  ])('%j is ignored, with a note', (change, note) => {
    const { exceptions, notes } = read(openVex({ ...statement, ...change }));
    expect(exceptions).toEqual([]);
    expect(notes[0]).toContain(`statements[0] (CVE-2024-1): ${note}`);
  });

  test('a version that is fixed is accepted, no other', () => {
    const fixed = { ...statement, status: 'fixed', products: ['pkg:deb/openssl@3.0.1'] };
    const { exceptions } = read(openVex(fixed));
    const policy = samplePolicy('  - id: a\n    condition: vulnerabilities.size() > 0');
    const state = (version: string): string => {
      const evidence = { cve: 'CVE-2024-1' };
      const purl = `pkg:deb/openssl@${version}`;
      const findings = [
        { class: 'vulnerability', severity: 'high', rule: 'DSA-1', purl, evidence },
      ];
      return ruleOf(evaluateSample(policy, sampleFacts({ findings }), { exceptions })).state;
    };
    expect(state('3.0.1')).toBe('excepted');
    expect(state('3.0.0')).toBe('matched');
  });
});

describe('CSAF', () => {
  const product = (id: string, purl?: string): unknown => ({
    name: id,
    product_id: id,
    ...(purl !== undefined && { product_identification_helper: { purl } }),
  });
  const csaf = (vulnerability: unknown): unknown => ({
    document: { category: 'csaf_vex', csaf_version: '2.0' },
    product_tree: {
      branches: [
        {
          category: 'vendor',
          branches: [
            { category: 'product', product: product('openssl-1', 'pkg:rpm/redhat/openssl@1') },
            { category: 'product', product: product('rhel-9') },
          ],
        },
      ],
      full_product_names: [product('curl-2', 'pkg:rpm/redhat/curl@2')],
      relationships: [
        {
          category: 'default_component_of',
          product_reference: 'openssl-1',
          relates_to_product_reference: 'rhel-9',
          full_product_name: product('rhel-9:openssl-1'),
        },
      ],
    },
    vulnerabilities: [vulnerability],
  });

  test('products that are not affected are accepted, with the flag as justification', () => {
    const vulnerability = {
      cve: 'CVE-2024-1',
      product_status: { known_not_affected: ['rhel-9:openssl-1'], known_affected: ['curl-2'] },
      flags: [{ label: 'vulnerable_code_not_present', product_ids: ['rhel-9:openssl-1'] }],
    };
    const { exceptions, notes } = read(csaf(vulnerability));
    expect(exceptions).toMatchObject([
      {
        reason: 'VEX: not_affected, vulnerable_code_not_present',
        match: { vulnerability: 'CVE-2024-1', package: 'pkg:rpm/redhat/openssl@1' },
      },
    ]);
    expect(notes).toEqual([
      'vulnerabilities[0].known_affected (CVE-2024-1): status "affected" accepts nothing',
    ]);
  });

  test('an impact statement is a justification, and one of both is required', () => {
    const base = { cve: 'CVE-2024-1', product_status: { known_not_affected: ['curl-2'] } };
    const threats = [{ category: 'impact', details: 'not built in', product_ids: ['curl-2'] }];
    expect(read(csaf({ ...base, threats })).exceptions[0]?.reason).toContain('not built in');
    expect(read(csaf(base)).notes[0]).toContain('without a justification');
  });

  test('a product without a purl is ignored, with a note', () => {
    const vulnerability = { cve: 'CVE-2024-1', product_status: { fixed: ['rhel-9'] } };
    expect(read(csaf(vulnerability)).notes[0]).toContain('no product with a purl');
  });
});

describe('limits', () => {
  test('a document with too many statements is refused', () => {
    const statements = Array.from({ length: policyLimits.vexStatements + 1 }, () => ({}));
    expect(() => read({ '@context': context, statements })).toThrow(
      `${statements.length} statements (limit ${policyLimits.vexStatements})`,
    );
  });

  test('a document that is too large is refused before it is parsed', () => {
    expect(() => readVex(' '.repeat(policyLimits.vexBytes + 1), options)).toThrow('larger than');
  });
});

describe('what is not VEX', () => {
  test.each([
    ['{', 'not valid JSON'],
    ['[]', 'neither OpenVEX'],
    ['{"bomFormat":"CycloneDX"}', 'neither OpenVEX'],
  ])('%s', (text, message) => {
    expect(() => readVex(text, options)).toThrow(message);
  });

  test('documents of the wrong shape become notes or nothing, never an exception', () => {
    for (const statements of [null, 3, [null], [[]], [{ products: 'x', status: [] }]]) {
      expect(read({ '@context': context, statements }).exceptions).toEqual([]);
    }
  });
});
