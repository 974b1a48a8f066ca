/** Group 3: symbolic links; group 4: hard links. */
import { elfFile } from '../../inventory/binary/testing/binary-samples.ts';
import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { directory, file, hardLink, layersOf, link, secret } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const key = (path: string): ReturnType<typeof file> => file(path, secret);

function circle(count: number): ReturnType<typeof link>[] {
  return Array.from({ length: count }, (_, at) => link(`c${at}`, `c${(at + 1) % count}`));
}

export const symbolicLinkCases: readonly HostileCase[] = [
  {
    name: 'a chain of links that each look local and climb out together stays inside the root',
    build: () =>
      layersOf([
        directory('a/b'),
        link('a/b/up', '..'),
        link('out', 'a/b/up/../../../..'),
        key('out/etc/k'),
      ]),
    expect: {
      files: ['d a/b', 'l a/b/up -> ..', 'f etc/k', 'l out -> a/b/up/../../../..'],
      findings: ['secret out/etc/k@0'],
    },
  },
  {
    name: 'absolute links are resolved in the image and not on the host',
    build: () => layersOf([link('host', '/'), key('host/etc/k'), link('p', '/proc/self/environ')]),
    expect: {
      files: ['f etc/k', 'l host -> /', 'l p -> /proc/self/environ'],
      findings: ['secret host/etc/k@0'],
    },
  },
  ...[2, 40].map((count): HostileCase => ({
    name: `an entry below a circle of ${count} links cannot be placed, and is examined`,
    build: () => layersOf([...circle(count), key('c0/k')]),
    expect: {
      ...{ verdict: 'incomplete', gaps: ['layer: damaged'] },
      findings: ['secret c0/k@0 by 0'],
    },
  })),
  {
    name: 'an entry below more links than the limit is not unpacked',
    build: () =>
      layersOf([
        directory('end'),
        link('l0', 'end'),
        ...Array.from({ length: 41 }, (_, at) => link(`l${at + 1}`, `l${at}`)),
        key('l39/near'),
        key('l41/far'),
      ]),
    expect: {
      ...{ verdict: 'incomplete', gaps: ['layer: damaged'] },
      findings: ['secret l39/near@0', 'secret l41/far@0 by 0'],
    },
  },
  {
    name: 'dangling links are not damage',
    build: () => layersOf([link('a', 'nowhere'), link('b', ''), link('c', '/../../x')]),
    expect: { files: ['l a -> nowhere', 'l b -> ', 'l c -> /../../x'] },
  },
  {
    name: 'a link in a lower layer resolves to a file of an upper layer',
    build: () => layersOf([link('lib', 'usr/lib')], [directory('usr/lib')], [key('lib/k')]),
    expect: {
      files: ['l lib -> usr/lib', 'd usr/lib', 'f usr/lib/k'],
      findings: ['secret lib/k@2'],
    },
  },
];

const jar = zipArchive([
  {
    path: 'META-INF/maven/org.example/tool/pom.properties',
    content: 'groupId=org.example\nartifactId=tool\nversion=1.2\n',
  },
]);

const pomPath = 'META-INF/maven/org.example/tool/pom.properties';
const note = JSON.stringify({ type: 'deb', name: 'tool', version: '1.2', os: 'debian' });

export const hardLinkCases: readonly HostileCase[] = [
  {
    name: 'to an earlier entry shows its content, under both names',
    build: () => layersOf([key('a'), hardLink('b', 'a')]),
    expect: {
      files: ['f a', 'h b -> a'],
      findings: ['secret a@0', 'secret b@0'],
    },
  },
  {
    name: 'to a later entry cannot be created by any tool',
    build: () => layersOf([hardLink('b', 'a'), key('a')]),
    expect: {
      ...{ verdict: 'incomplete', gaps: ['layer: damaged'], findings: ['secret a@0'] },
      files: ['f a', 'h b -> a by 0'],
    },
  },
  {
    name: 'to a lower layer shows its content, also when the layer hides the name that it was',
    build: () => layersOf([key('a')], [hardLink('b', 'a')], [file('.wh.a')]),
    expect: {
      files: ['h b -> a', 'f a by 2'],
      findings: ['secret a@0 by 2', 'secret b@1'],
    },
  },
  {
    name: 'to a whiteout links to nothing',
    build: () => layersOf([key('a')], [file('.wh.a', ''), hardLink('b', '.wh.a')]),
    expect: {
      ...{ verdict: 'incomplete', gaps: ['layer: damaged'], findings: ['secret a@0 by 1'] },
      files: ['f a by 1', 'h b -> .wh.a by 1'],
    },
  },
  {
    name: 'that climbs out links to nothing outside',
    build: () => layersOf([hardLink('b', '../../../../etc/shadow')]),
    expect: {
      ...{ verdict: 'incomplete', gaps: ['layer: damaged'] },
      findings: ['path-escape ../../../../etc/shadow@0'],
    },
  },
  {
    name: 'to an archive and to a program are inventoried under each name',
    build: () =>
      layersOf(
        [file('a.jar', jar), hardLink('b.jar', 'a.jar')],
        [
          file('bin/a', elfFile([{ name: '.note.package', bytes: packageNote(note) }])),
          hardLink('bin/b', 'bin/a'),
        ],
      ),
    expect: {
      packages: [
        'tool@1.2 bin/a',
        'tool@1.2 bin/b',
        `org.example:tool@1.2 a.jar!/${pomPath}`,
        `org.example:tool@1.2 b.jar!/${pomPath}`,
      ],
    },
  },
];

/** systemd's note of a package: owner FDO, type 0xcafe1a7e. */
function packageNote(text: string): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(4, 0);
  header.writeUInt32LE(text.length + 1, 4);
  header.writeUInt32LE(0xcafe1a7e, 8);
  header.write('FDO\0', 12, 'latin1');
  return Buffer.concat([header, Buffer.from(`${text}\0`), Buffer.alloc(-(text.length + 1) & 3)]);
}
