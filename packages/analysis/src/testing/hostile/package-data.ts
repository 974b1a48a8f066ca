/**
 * Groups 12 to 15, for the whole inspection: the formats of each database have their own tests next
 * to the readers. What a reader cannot parse is a gap, and what it could parse is still reported.
 */
import { rpmHeader } from '../../inventory/testing/rpm-header.ts';
import {
  berkeleyDatabase,
  ndbDatabase,
  sqliteDatabase,
} from '../../inventory/testing/rpm-databases.ts';
import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { file, layersOf, link } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const status = 'var/lib/dpkg/status';
const apk = 'lib/apk/db/installed';

function paragraph(name: string, version: string, state = 'install ok installed'): string {
  return `Package: ${name}\nStatus: ${state}\nVersion: ${version}\nArchitecture: amd64\n`;
}

function holding(
  name: string,
  held: ReturnType<typeof file>,
  expect: HostileCase['expect'],
): HostileCase {
  return { name, build: () => layersOf([held]), expect };
}

const header = rpmHeader({ name: 'one', version: '1', release: '2' });

export const packageDataCases: readonly HostileCase[] = [
  holding(
    'dpkg: epochs, tildes and carriage returns',
    file(
      status,
      `${paragraph('a', '1:2~rc1-1').replaceAll('\n', '\r\n')}\r\n${paragraph('b', '2')}`,
    ),
    { packages: [`a@1:2~rc1-1 ${status}`, `b@2 ${status}`] },
  ),
  holding(
    'dpkg: a removed package with remaining configuration is reported',
    file(
      status,
      [paragraph('gone', '1', 'deinstall ok config-files'), paragraph('here', '1')].join('\n'),
    ),
    { packages: [`gone@1 ${status}`, `here@1 ${status}`] },
  ),
  holding(
    'dpkg: one field of 20 MB',
    file(
      status,
      `${paragraph('a', '1')}Description: ${'x'.repeat(20_000_000)}\n\n${paragraph('b', '1')}`,
    ),
    { packages: [`a@1 ${status}`, `b@1 ${status}`] },
  ),
  holding(
    'dpkg: truncated in its last paragraph',
    file(status, `${paragraph('a', '1')}\nPackage: b\nVer`),
    {
      verdict: 'incomplete',
      packages: [`a@1 ${status}`],
      gaps: Array.from({ length: 3 }, () => `inventory:dpkg: damaged ${status}`),
    },
  ),
  holding(
    'apk: an invalid version, and no empty line at the end',
    file(apk, 'P:a\nV:bad version\n\nP:b\nV:1.0-r0\nA:x86_64'),
    {
      verdict: 'incomplete',
      packages: [`b@1.0-r0 ${apk}`],
      gaps: Array.from({ length: 2 }, () => `inventory:apk: damaged ${apk}`),
    },
  ),
  ...(
    [
      ['Berkeley DB', 'var/lib/rpm/Packages', berkeleyDatabase([header])],
      ['ndb', 'var/lib/rpm/Packages.db', ndbDatabase([header])],
      ['SQLite', 'var/lib/rpm/rpmdb.sqlite', sqliteDatabase([header])],
    ] as const
  ).flatMap(([form, path, bytes]) => [
    holding(`rpm: ${form}`, file(path, bytes), { packages: [`one@1-2 ${path}`] }),
    holding(`rpm: ${form} of zero length`, file(path, ''), {
      ...{ verdict: 'incomplete', packages: [], gaps: [`inventory:rpm: damaged ${path}`] },
    }),
    holding(`rpm: ${form} of other bytes`, file(path, 'x'.repeat(5_000)), {
      ...{ verdict: 'incomplete', packages: [], gaps: [`inventory:rpm: damaged ${path}`] },
    }),
  ]),
  holding(
    'npm: a package without a version',
    file('x/node_modules/a/package.json', '{"name":"a"}'),
    {
      ...{ verdict: 'incomplete', packages: [] },
      gaps: ['inventory:npm: missing_part x/node_modules/a/package.json'],
    },
  ),
  holding(
    'npm: nested a million deep',
    file('x/node_modules/a/package.json', '['.repeat(1_000_000)),
    {
      verdict: 'incomplete',
      packages: [],
      gaps: ['inventory:npm: too_deep x/node_modules/a/package.json'],
    },
  ),
  {
    name: 'npm: a workspace that is a link is counted at its target',
    build: () =>
      layersOf([
        file('app/packages/a/node_modules/b/package.json', '{"name":"b","version":"1"}'),
        link('app/node_modules', 'packages/a/node_modules'),
      ]),
    expect: { packages: ['b@1 app/packages/a/node_modules/b/package.json'] },
  },
  {
    name: 'java: the same archive twice is reported at both paths',
    build: () => {
      const jar = zipArchive([
        {
          path: 'META-INF/maven/g/a/pom.properties',
          content: 'groupId=g\nartifactId=a\nversion=1\n',
        },
      ]);
      return layersOf([file('x/a.jar', jar), file('y/a.jar', jar)]);
    },
    expect: {
      packages: ['x/a.jar', 'y/a.jar'].map(
        (path) => `g:a@1 ${path}!/META-INF/maven/g/a/pom.properties`,
      ),
    },
  },
];
