import type { DistributionFact } from '@lazaret/protocol';
import { describe, expect, test } from 'vitest';

import { inventoryLimits } from '../limits.ts';
import { busyboxReader, distributionReader, distributionSources } from './distribution.ts';
import { legacyDistributionId } from './legacy-distribution.ts';
import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';

async function found(path: string, text: string): Promise<Partial<DistributionFact>> {
  const facts = await factsOf(distributionReader, path, text);
  const [only, ...others] = ofKind(facts, 'distribution');
  expect(others).toEqual([]);
  const { kind: _kind, path: _path, ...rest } = only ?? expect.unreachable('no distribution');
  return rest;
}

const debian = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`;

describe('os-release', () => {
  test.each(['etc/os-release', 'usr/lib/os-release'])('is read at %s', async (path) => {
    expect(await found(path, debian)).toEqual({
      id: 'debian',
      versionId: '12',
      codename: 'bookworm',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      foundBy: 'os-release',
    });
  });

  test('yields all fields', async () => {
    const text =
      'ID="rocky"\nID_LIKE="rhel centos  fedora"\nVERSION_ID="9.3"\nVARIANT_ID=container\n' +
      'PRETTY_NAME="Rocky Linux 9.3 (Blue Onyx)"\nCPE_NAME="cpe:/o:rocky:rocky:9::baseos"\n';
    expect(await found('etc/os-release', text)).toEqual({
      id: 'rocky',
      idLike: ['rhel', 'centos', 'fedora'],
      versionId: '9.3',
      variantId: 'container',
      prettyName: 'Rocky Linux 9.3 (Blue Onyx)',
      cpe: 'cpe:/o:rocky:rocky:9::baseos',
      foundBy: 'os-release',
    });
  });

  test('is quoted like in a shell', async () => {
    const text =
      '\ufeff# a comment\r\n\r\n  ID=\'my-os\'\r\nVERSION_ID="1\\"\\$\\`\\\\"\r\n' +
      'PRETTY_NAME=un\\ quoted\r\nVARIANT_ID=""\r\nID=last\r\n';
    expect(await found('etc/os-release', text)).toEqual({
      id: 'last',
      versionId: '1"$`\\',
      prettyName: 'un quoted',
      foundBy: 'os-release',
    });
  });

  test('without ID is linux; broken lines are reported', async () => {
    const text = 'NAME=Mine\nbroken\nPRETTY_NAME="open\nVERSION_ID="x\\"\n1A=b\n';
    expect(await found('etc/os-release', text)).toMatchObject({ id: 'linux', prettyName: 'Mine' });
    const facts = await factsOf(distributionReader, 'etc/os-release', text);
    expect(ofKind(facts, 'diagnostic')).toHaveLength(4);
  });

  test('without entries is unknown', async () => {
    for (const text of ['', '\n# only a comment\n']) {
      const facts = await factsOf(distributionReader, 'etc/os-release', text);
      expect(facts).toMatchObject([{ kind: 'diagnostic', reason: 'damaged' }]);
    }
  });

  test('has a size limit, and never crashes a reader', async () => {
    expect(distributionReader.maxBytes).toBe(inventoryLimits.osReleaseBytes);
    const long = `ID=a\nNAME=${'x'.repeat(4_000_000)}\n`;
    const facts = await factsOf(distributionReader, 'etc/os-release', long);
    expect(facts.map(({ kind }) => kind)).toEqual(['diagnostic', 'distribution']);
    await neverCrashes(distributionReader, 'etc/os-release', Buffer.from(debian));
  });
});

describe('other files', () => {
  test.each<readonly [string, string, Partial<DistributionFact>]>([
    ['alpine-release', '3.19.1\n', { id: 'alpine', versionId: '3.19.1' }],
    [
      'centos-release',
      'CentOS Linux release 7.9.2009 (Core)\n',
      { id: 'centos', versionId: '7.9.2009', codename: 'Core' },
    ],
    [
      'redhat-release',
      'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n',
      { id: 'rhel', versionId: '6.10', codename: 'Santiago', legacyId: 'REDHAT-6Server-6.10' },
    ],
    ['redhat-release', 'CentOS release 5 (Final)', { id: 'centos', legacyId: 'REDHAT-5Server' }],
    ['fedora-release', 'Fedora release 38 (Thirty Eight)', { id: 'fedora', versionId: '38' }],
    ['system-release', 'Amazon Linux AMI release 2018.03', { id: 'amzn', versionId: '2018.03' }],
    ['system-release-cpe', 'cpe:2.3:o:amazon:amazon_linux:2\n', { id: 'amzn', versionId: '2' }],
    ['system-release-cpe', 'cpe:/o:fedoraproject:fedora:40', { id: 'fedora', versionId: '40' }],
    ['oracle-release', 'Oracle Linux Server release 8.5', { id: 'ol', versionId: '8.5' }],
    ['rocky-release', 'Rocky Linux release 9.2 (Blue Onyx)', { id: 'rocky', versionId: '9.2' }],
    ['almalinux-release', 'AlmaLinux release 9.3 (Shamrock)', { id: 'almalinux' }],
    ['photon-release', 'VMware Photon OS 4.0\nPHOTON_BUILD_NUMBER=1', { id: 'photon' }],
    ['mariner-release', 'CBL-Mariner 2.0.20220226', { id: 'mariner', versionId: '2.0.20220226' }],
    [
      'SuSE-release',
      'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
      { id: 'sles', versionId: '11.4' },
    ],
    [
      'SuSE-release',
      'openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n',
      { id: 'opensuse', versionId: '13.1', codename: 'Bottle' },
    ],
    [
      'lsb-release',
      'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\n' +
        'DISTRIB_DESCRIPTION="Ubuntu 14.04.6 LTS"\n',
      { id: 'ubuntu', versionId: '14.04', codename: 'trusty', legacyId: 'UBUNTU-trusty' },
    ],
    ['debian_version', '12.5\n', { id: 'debian', versionId: '12.5' }],
    ['debian_version', '6.0.10\n', { id: 'debian', legacyId: 'DEBIAN-squeeze' }],
    [
      'debian_version',
      'stretch/sid\n',
      { id: 'debian', codename: 'stretch', legacyId: 'DEBIAN-stretch-sid' },
    ],
    ['arch-release', '', { id: 'arch' }],
    ['gentoo-release', 'Gentoo Base System release 2.14', { id: 'gentoo', versionId: '2.14' }],
    ['slackware-version', 'Slackware 15.0', { id: 'slackware', versionId: '15.0' }],
    ['redhat-release', 'Frobnix Linux 3 (Zork)', { id: 'frobnix', versionId: '3' }],
  ])('%s: %j', async (name, text, expected) => {
    const fact = await found(`etc/${name}`, text);
    expect(fact).toMatchObject({ ...expected, foundBy: name });
    expect(distributionSources).toContain(name);
  });

  test('without information are unknown, and an unknown distribution is still one', async () => {
    for (const name of ['debian_version', 'redhat-release', 'system-release-cpe', 'lsb-release']) {
      const facts = await factsOf(distributionReader, `etc/${name}`, '\n \n');
      expect(facts.map(({ kind }) => kind)).toEqual(['diagnostic']);
    }
    expect(await found('etc/os-release', 'ID=frobnix\n')).toMatchObject({ id: 'frobnix' });
  });

  test('the version of busybox is read, with the lowest priority', async () => {
    const bytes = Buffer.from(`\x7fELF\0\0BusyBox v1.36.1 (2023-11-07) multi-call binary\0`);
    expect(await factsOf(busyboxReader, 'bin/busybox', bytes)).toMatchObject([
      { id: 'busybox', versionId: '1.36.1', foundBy: 'busybox' },
    ]);
    expect(await factsOf(busyboxReader, 'bin/busybox', 'BusyBox v')).toEqual([]);
    expect(distributionSources.at(-1)).toBe('busybox');
    expect(distributionSources[0]).toBe('os-release');
  });
});

test.each([
  ['Ubuntu 16.04.7 LTS', 'UBUNTU-xenial'],
  ['Ubuntu precise (12.04.5 LTS)', 'UBUNTU-precise'],
  ['Ubuntu Wily Werewolf (development branch)', 'UBUNTU-wily'],
  ['Ubuntu Utopic Unicorn (development branch)', 'UBUNTU-utopic'],
  ['CentOS Linux 7 (Core)', 'REDHAT-7Server'],
  ['Red Hat Enterprise Linux Server 7.9 (Maipo)', 'REDHAT-7Server'],
  ['CentOS release 6.10 (Final)', 'REDHAT-6Server-6.10'],
  ['Red Hat Enterprise Linux Server release 5.11 (Tikanga)', 'REDHAT-5Server-5.11'],
  ['Debian GNU/Linux 8 (jessie)', 'DEBIAN-jessie'],
  ['Debian GNU/Linux 12 (bookworm)', undefined],
  ['Alpine Linux v3.19', undefined],
])('the earlier identifier of %s is %s', (name, id) => {
  expect(legacyDistributionId(name)).toBe(id);
});
