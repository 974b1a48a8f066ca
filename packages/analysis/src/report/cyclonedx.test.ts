// Not in the quick check: reports with tens of thousands of packages are written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { arbitraryReport } from '../testing/arbitrary-report.ts';
import { sampleReport } from '../testing/report-sample.ts';
import { componentKey } from './components.ts';
import { toCycloneDx } from './cyclonedx.ts';
import { checkCycloneDx } from './testing/check-format.ts';

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly {
    readonly type: string;
    readonly 'bom-ref': string;
    readonly name: string;
    readonly scope?: string;
    readonly purl?: string;
    readonly hashes?: readonly unknown[];
    readonly licenses?: readonly unknown[];
    readonly evidence?: { readonly occurrences: readonly { readonly location: string }[] };
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: string[] }[];
  readonly vulnerabilities?: readonly {
    readonly id: string;
    readonly affects: readonly { readonly ref: string }[];
  }[];
  readonly compositions: readonly { readonly aggregate: string }[];
}

function toBom(...[report, options]: Parameters<typeof toCycloneDx>): Bom {
  return checkCycloneDx(JSON.parse(JSON.stringify(toCycloneDx(report, options))) as Bom);
}

describe('a CycloneDX document', () => {
  it('lists packages with licences, locations and dependencies', () => {
    const bom = toBom(sampleReport());
    const ssl = bom.components.find(({ name }) => name === 'libssl3');
    expect(ssl?.purl).toBe('pkg:deb/debian/libssl3@3.0.15-1?arch=arm64&distro=debian-12');
    expect(ssl?.licenses).toEqual([
      { license: { id: 'Apache-2.0' } },
      { license: { name: 'Artistic or GPL-1+' } },
    ]);
    const ms = bom.components.find(({ name }) => name === 'ms');
    expect(ms?.evidence?.occurrences.map(({ location }) => location)).toEqual([
      'opt/app/node_modules/ms/package.json',
      'opt/other/node_modules/ms/package.json',
    ]);
    expect(ms?.licenses).toEqual([{ expression: '(MIT OR Apache-2.0)' }]);
    const needed = bom.dependencies.find(({ ref }) => ref === ssl?.['bom-ref'])?.dependsOn;
    expect(needed).toEqual(['pkg:deb/debian/libc6@2.36-9?arch=arm64&distro=debian-12']);
    const top = bom.dependencies.find(
      ({ ref }) => ref === bom.metadata.component['bom-ref'],
    )?.dependsOn;
    expect(top).not.toContain(needed?.[0]);
  });

  it('has the digests of a binary, and marks hidden packages', () => {
    const { components } = toBom(sampleReport());
    expect(components.find(({ name }) => name === 'example.org/server')?.hashes).toHaveLength(3);
    expect(components.find(({ name }) => name === 'old')?.scope).toBe('excluded');
    expect(components.find(({ name }) => name === 'ms')?.scope).toBeUndefined();
  });

  it('links a vulnerability to its package', () => {
    const { vulnerabilities } = toBom(sampleReport());
    expect(vulnerabilities).toMatchObject([
      {
        id: 'CVE-2026-0001',
        ratings: [{ severity: 'high', score: 7.5, method: 'CVSSv31' }],
        recommendation: 'Upgrade to 3.0.16-1',
        affects: [{ ref: expect.stringContaining('libssl3') as string }],
      },
    ]);
  });

  it('is complete only when the coverage is', () => {
    const { coverage } = sampleReport();
    expect(toBom(sampleReport()).compositions[0]?.aggregate).toBe('incomplete');
    const whole = sampleReport({ coverage: { ...coverage, complete: true } });
    expect(toBom(whole).compositions[0]?.aggregate).toBe('complete');
  });

  it('is the same for the same report, with a time only when given', () => {
    expect(toCycloneDx(sampleReport())).toEqual(toCycloneDx(sampleReport()));
    expect(JSON.stringify(toCycloneDx(sampleReport()))).not.toContain('timestamp');
    const timestamp = '2026-01-02T03:04:05Z';
    expect(toCycloneDx(sampleReport(), { timestamp })).toMatchObject({ metadata: { timestamp } });
  });

  it('is valid for any report: each package once, and no dangling reference', () => {
    fc.assert(
      fc.property(arbitraryReport(), (report) => {
        const bom = toBom(report, { files: true });
        const refs = bom.components.map((component) => component['bom-ref']);
        const known = new Set([...refs, bom.metadata.component['bom-ref']]);
        expect(known.size).toBe(refs.length + 1);
        const packages = bom.components.filter(({ type }) => type === 'library');
        expect(packages).toHaveLength(new Set(report.packages.map(componentKey)).size);
        const places = packages.flatMap(({ evidence }) => evidence?.occurrences ?? []);
        const paths = report.packages.map(({ path }) => path);
        expect(places.map(({ location }) => location).toSorted()).toEqual(paths.toSorted());
        for (const { ref, dependsOn = [] } of bom.dependencies) {
          expect([ref, ...dependsOn].every((one) => known.has(one))).toBe(true);
        }
        for (const { affects } of bom.vulnerabilities ?? []) {
          expect(affects.every(({ ref }) => known.has(ref))).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('handles 30,000 packages that depend on each other and 20,000 files', () => {
    const [first] = sampleReport().packages;
    const [file] = sampleReport().files ?? [];
    const packages = Array.from({ length: 30_000 }, (_, at) => ({
      ...first!,
      name: `p${at}`,
      purl: `pkg:deb/debian/p${at}@1`,
      dependsOn: [`p${at + 1}`, 'p0'],
    }));
    const files = Array.from({ length: 20_000 }, (_, at) => ({ ...file!, path: `f/${at}` }));
    const report = { ...sampleReport(), packages, files };
    const bom = toCycloneDx(report, { files: true }) as unknown as Bom;
    expect(bom.components).toHaveLength(50_001);
    expect(bom.dependencies).toHaveLength(30_001);
  });
});
