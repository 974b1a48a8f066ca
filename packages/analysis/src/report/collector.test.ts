import { describe, expect, it } from 'vitest';

import { sampleReport } from '../testing/report-sample.ts';
import { toCollectorLines, toCollectorMetadata, toCollectorPackages } from './collector.ts';

describe('records of Banyan Collector', () => {
  it('have every field', () => {
    const report = sampleReport();
    const metadata = toCollectorMetadata(report);
    expect(Object.keys(metadata)).toEqual([
      ...['Image', 'Datetime', 'Repo', 'Tag', 'Size', 'Author', 'Checksum', 'Comment', 'Parent'],
      ...['ManifestHash', 'Registry'],
    ]);
    expect(metadata).toMatchObject({
      ...{ Registry: 'registry.example', Repo: 'shop/app', Tag: '1.2' },
      Image: report.image?.configDigest ?? report.image?.manifestDigest,
      ManifestHash: report.image?.manifestDigest ?? '',
      Size: report.layers.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
    });
    const elsewhere = { registry: 'mirror.example', repository: 'app', tag: 'latest' };
    expect(toCollectorMetadata(report, elsewhere)).toMatchObject({
      ...{ Registry: 'mirror.example', Repo: 'app', Tag: 'latest' },
    });
  });

  it('list installed system packages that a container sees', () => {
    const report = sampleReport({
      distribution: {
        ...{ kind: 'distribution', path: 'etc/os-release', id: 'debian', foundBy: 'os-release' },
        ...{ prettyName: 'Debian GNU/Linux 8 (jessie)', legacyId: 'DEBIAN-jessie' },
      } as never,
    });
    const packages = toCollectorPackages(report);
    expect(packages.length).toBeGreaterThan(0);
    const visible = report.packages.filter(
      ({ type, hiddenBy, state }) =>
        type === 'deb' && hiddenBy === undefined && state === 'installed',
    );
    expect(packages.map(({ Pkg }) => Pkg)).toEqual(visible.map(({ name }) => name));
    expect(report.packages.length).toBeGreaterThan(visible.length);
    expect(packages[0]).toMatchObject({
      ...{ DistroName: 'Debian GNU/Linux 8 (jessie)', DistroID: 'DEBIAN-jessie' },
      Version: visible[0]?.version ?? '',
    });
  });

  it('have one record with empty fields for an image without packages', () => {
    const report = sampleReport({ packages: [] });
    expect(toCollectorPackages(report)).toMatchObject([{ Pkg: '', Version: '', Architecture: '' }]);
  });

  it('are one JSON document on each line, whatever names contain', () => {
    const [first] = sampleReport().packages;
    const report = sampleReport({ packages: [{ ...first!, name: 'a\nb\u2028c' }] });
    const lines = toCollectorLines([report]).split('\n').filter(Boolean);
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual([
      ...['Action', 'Image'],
    ]);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ Pkg: 'a\nb\u2028c' });
  });
});
