/** A constant report with many kinds of content, for tests of report writers. */
import { createHash } from 'node:crypto';

import {
  inspectionReport,
  type InspectionReport,
  type PlacedFile,
  type PlacedFinding,
  type PlacedPackage,
} from '@lazaret/protocol';

/** An image of three layers with packages of four kinds, one of them hidden, and five findings. */
export function sampleReport(changes: Partial<InspectionReport> = {}): InspectionReport {
  return inspectionReport.parse({
    schema: 'lazaret-inspection/2',
    tool: { name: 'lazaret', version: '0.1.0' },
    source: { kind: 'registry', reference: 'registry.example/shop/app:1.2' },
    image: sampleImage,
    layers: [0, 1, 2].map((index) => ({
      index,
      digest: sampleDigest(`layer ${index}`),
      diffId: sampleDigest(`diff ${index}`),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      compression: 'gzip',
      sizeBytes: 20_000_000 * (index + 1),
      tarBytes: 60_000_000 * (index + 1),
      files: 100 * (index + 1),
      createdBy: `RUN step ${index}`,
      state: index === 0 ? 'cached' : 'examined',
    })),
    distribution: {
      kind: 'distribution',
      path: 'usr/lib/os-release',
      id: 'debian',
      versionId: '12',
      codename: 'bookworm',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      foundBy: 'os-release',
    },
    packages: samplePackages(),
    users: [],
    passwords: [],
    groups: [],
    diagnostics: [],
    special: [{ ...sampleFile('usr/bin/su', 0), mode: 0o4755, reasons: ['setuid'] }],
    unowned: { count: 1, paths: ['opt/app/server'] },
    files: ['usr/bin/su', 'opt/app/server', 'opt/app/index.js'].map((path, at) =>
      sampleFile(path, at),
    ),
    findings: sampleFindings(),
    coverage: sampleCoverage,
    verdict: { state: 'malicious', reasons: ['clamav: Eicar-Test-Signature in opt/app/dropper'] },
    fingerprint: hex('sha256', 'sample'),
    ...changes,
  });
}

const sampleImage = {
  names: ['registry.example/shop/app:1.2'],
  manifestDigest: sampleDigest('manifest'),
  configDigest: sampleDigest('config'),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  config: {
    created: '2026-01-01T00:00:00Z',
    user: 'root',
    env: ['PATH=/usr/bin', 'EMPTY='],
    entrypoint: ['/opt/app/server'],
    exposedPorts: ['8080/tcp'],
    labels: { version: '1.2' },
    history: [{ createdBy: 'RUN step 0' }],
  },
};

const sampleCoverage = {
  complete: false,
  files: 600,
  bytes: 360_000_000,
  layers: { listed: 3, examined: 2, cached: 1, partial: 0, missing: 0 },
  scanners: [
    {
      scanner: 'clamav',
      engine: 'ClamAV 1.4.6',
      signatures: '27500',
      signaturesAt: '2026-01-01T00:00:00Z',
      healthy: true,
      examined: 599,
      cached: 0,
      partial: 1,
      failed: 0,
    },
  ],
  gaps: [
    {
      by: 'clamav',
      reason: 'too_large',
      detail: 'larger than 128 MiB',
      path: 'opt/app/huge.bin',
      layer: 2,
    },
  ],
  gapCount: 1,
};

function samplePackages(): PlacedPackage[] {
  const deb = { kind: 'package', type: 'deb', foundBy: 'database', state: 'installed' } as const;
  const status = { ...deb, path: 'var/lib/dpkg/status', architecture: 'arm64', layer: 0 };
  const npm = { kind: 'package', type: 'npm', foundBy: 'metadata', state: 'installed' } as const;
  return [
    {
      ...status,
      name: 'libssl3',
      version: '3.0.15-1',
      purl: 'pkg:deb/debian/libssl3@3.0.15-1?arch=arm64',
      source: { name: 'openssl', version: '3.0.15-1' },
      licenses: ['Apache-2.0', 'Artistic or GPL-1+'],
      supplier: 'Debian OpenSSL Team',
      dependsOn: ['libc6 (>= 2.34)'],
    },
    {
      ...status,
      name: 'libc6',
      version: '2.36-9',
      purl: 'pkg:deb/debian/libc6@2.36-9?arch=arm64',
      licenses: ['LGPL-2.1-or-later'],
    },
    ...['opt/app/node_modules/ms', 'opt/other/node_modules/ms'].map((directory) => ({
      ...npm,
      path: `${directory}/package.json`,
      name: 'ms',
      version: '2.1.3',
      purl: 'pkg:npm/ms@2.1.3',
      licenses: ['(MIT OR Apache-2.0)'],
      layer: 1,
    })),
    {
      kind: 'package',
      path: 'opt/app/server',
      type: 'golang',
      name: 'example.org/server',
      version: 'v1.0.0',
      purl: 'pkg:golang/example.org/server@v1.0.0',
      foundBy: 'build-info',
      state: 'installed',
      offset: 4_096,
      layer: 1,
    },
    {
      ...npm,
      path: 'opt/app/node_modules/old/package.json',
      name: 'old',
      version: '0.0.1',
      purl: 'pkg:npm/old@0.0.1',
      layer: 1,
      hiddenBy: 2,
    },
  ];
}

function sampleFindings(): PlacedFinding[] {
  return [
    {
      scanner: 'clamav',
      class: 'malware',
      severity: 'critical',
      rule: 'Eicar-Test-Signature',
      title: 'Malware: Eicar-Test-Signature',
      signatures: '27500',
      path: 'opt/app/dropper',
      sha256: hex('sha256', 'dropper'),
      layer: 1,
      hiddenBy: 2,
    },
    {
      scanner: 'yara',
      class: 'malware',
      severity: 'high',
      rule: 'webshell',
      title: 'A web shell',
      signatures: 'rules-1',
      path: 'opt/app/a.zip!/shell.php',
      line: 3,
      layer: 2,
      evidence: { strings: ['eval(', 'base64_decode('] },
    },
    {
      scanner: 'secrets',
      class: 'secret',
      severity: 'medium',
      rule: 'private-key',
      title: 'A private key',
      signatures: '1',
      path: 'etc/ssl/private/key.pem',
      offset: 0,
      layer: 0,
    },
    {
      scanner: 'vulnerabilities',
      class: 'vulnerability',
      severity: 'high',
      rule: 'CVE-2026-0001',
      title: 'Out-of-bounds write in libssl',
      signatures: 'osv-2026-01-01',
      purl: 'pkg:deb/debian/libssl3@3.0.15-1?arch=arm64',
      layer: 0,
      evidence: {
        fixed: '3.0.16-1',
        cvss: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
        score: 7.5,
        links: ['https://advisories.example/CVE-2026-0001'],
        feeds: ['osv'],
      },
    },
    {
      scanner: 'image',
      class: 'misconfiguration',
      severity: 'low',
      rule: 'root-user',
      title: 'The image runs as root',
      signatures: '1',
    },
  ];
}

export function sampleFile(path: string, layer: number): PlacedFile {
  return {
    path,
    type: 'file',
    mode: 0o755,
    uid: 0,
    gid: 0,
    sizeBytes: path.length,
    mtimeMs: 0,
    sha256: hex('sha256', path),
    sha1: hex('sha1', path),
    md5: hex('md5', path),
    layer,
  };
}

/** The digest of a text, as manifests write digests. */
export function sampleDigest(text: string): string {
  return `sha256:${hex('sha256', text)}`;
}

function hex(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}
