import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { arbitraryReport } from '../testing/arbitrary-report.ts';
import { sampleReport } from '../testing/report-sample.ts';
import { componentKey } from './components.ts';
import { toSpdx } from './spdx.ts';
import { checkSpdx } from './testing/check-format.ts';
import type { SpdxShape } from './testing/spdx-shape.ts';

function toDocument(...[report, options]: Parameters<typeof toSpdx>): SpdxShape {
  return checkSpdx(JSON.parse(JSON.stringify(toSpdx(report, options))));
}

describe('an SPDX document', () => {
  it('describes the image, which contains layers and packages', () => {
    const { packages, relationships, name } = toDocument(sampleReport());
    expect(name).toBe('registry.example/shop/app:1.2');
    const idOf = (wanted: string): string =>
      packages.find((one) => one.name === wanted)?.SPDXID ?? '';
    const related = relationships.map((one) => Object.values(one).join(' '));
    expect(related).toContain('SPDXRef-DOCUMENT DESCRIBES SPDXRef-Image');
    expect(related).toContain(`SPDXRef-Image CONTAINS ${idOf('libssl3')}`);
    expect(related).toContain(`SPDXRef-Layer-0 CONTAINS ${idOf('libssl3')}`);
    expect(related).toContain(`${idOf('libssl3')} DEPENDS_ON ${idOf('libc6')}`);
    expect(related).toContain(`SPDXRef-Layer-1 CONTAINS ${idOf('old')}`);
    expect(related).not.toContain(`SPDXRef-Image CONTAINS ${idOf('old')}`);
  });

  it('keeps licences that are not on the list as separate texts', () => {
    const { packages, hasExtractedLicensingInfos = [] } = toDocument(sampleReport());
    const [extracted] = hasExtractedLicensingInfos;
    expect(extracted?.extractedText).toBe('Artistic or GPL-1+');
    const declared = packages.find(({ name }) => name === 'libssl3')?.licenseDeclared;
    expect(declared).toBe(`Apache-2.0 AND ${extracted?.licenseId}`);
  });

  it('lists files of the merged view when requested', () => {
    expect(toDocument(sampleReport()).files).toBeUndefined();
    const { files, packages } = toDocument(sampleReport(), { files: true });
    expect(files?.map(({ fileName }) => fileName)).toContain('./opt/app/index.js');
    expect(packages[0]?.packageVerificationCode).toBeDefined();
  });

  it('has a namespace derived from the fingerprint, and no time by default', () => {
    const one = toDocument(sampleReport());
    expect(one).toEqual(toDocument(sampleReport()));
    const other = toDocument(sampleReport({ fingerprint: 'a'.repeat(64) }));
    expect(other.documentNamespace).not.toBe(one.documentNamespace);
    expect(one.creationInfo.created).toBe('1970-01-01T00:00:00Z');
    const timestamp = '2026-01-02T03:04:05.678Z';
    const timed = toDocument(sampleReport(), { timestamp });
    expect(timed.creationInfo.created).toBe('2026-01-02T03:04:05Z');
  });

  it('joins names with several lines', () => {
    const [first] = sampleReport().packages;
    const odd = { ...first!, name: 'a\r\nb', version: '1\u2028', licenses: ['odd\nlicence'] };
    const { packages, hasExtractedLicensingInfos } = toDocument(sampleReport({ packages: [odd] }));
    const { name, versionInfo } = packages.find(({ SPDXID }) => SPDXID.includes('Package')) ?? {};
    expect([name, versionInfo]).toEqual(['a\\r\\nb', '1\\u2028']);
    expect(hasExtractedLicensingInfos).toMatchObject([
      { name: 'odd\\nlicence', extractedText: 'odd\nlicence' },
    ]);
  });

  it('is valid for any report: each package once, and contained in an element', () => {
    fc.assert(
      fc.property(arbitraryReport(), (report) => {
        const { packages, relationships } = toDocument(report, { files: true });
        const own = packages.filter(({ SPDXID }) => SPDXID.startsWith('SPDXRef-Package-'));
        expect(own).toHaveLength(new Set(report.packages.map(componentKey)).size);
        const contained = new Set(relationships.map((one) => one.relatedSpdxElement));
        for (const { SPDXID } of own) expect(contained).toContain(SPDXID);
      }),
      { numRuns: 30 },
    );
  });
});
