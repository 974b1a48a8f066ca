/** Group 5: whiteouts of a layer that hide content of lower layers. */
import { rawMember } from '../raw-tar.ts';
import { directory, file, layersOf, secret } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const key = (path: string): ReturnType<typeof file> => file(path, secret);
const mark = (path: string): ReturnType<typeof file> => file(path, '');

function dpkg(...names: readonly string[]): string {
  return names
    .map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n\n`)
    .join('');
}

const device = rawMember({
  ...{ name: 'gone', flag: '3' },
  change: (block) => void block.write('0000000\x000000000\0', 329, 'latin1'),
});

export const whiteoutCases: readonly HostileCase[] = [
  {
    name: 'a deleted file is still in the distributed image, and reported as hidden',
    build: () => layersOf([key('root/k')], [mark('root/.wh.k')]),
    expect: { files: ['f root/k by 1'], findings: ['secret root/k@0 by 1'] },
  },
  ...['before', 'after'].map((place): HostileCase => ({
    name: `an opaque whiteout ${place} its siblings hides lower layers only`,
    build: () => {
      const opaque = mark('d/.wh..wh..opq');
      const own = [directory('d'), key('d/new')];
      return layersOf([key('d/old')], place === 'before' ? [opaque, ...own] : [...own, opaque]);
    },
    expect: {
      files: ['d d', 'f d/new', 'f d/old by 1'],
      findings: ['secret d/new@1', 'secret d/old@0 by 1'],
    },
  })),
  {
    name: 'an opaque root hides the whole image below',
    build: () => layersOf([key('k'), directory('d')], [mark('.wh..wh..opq'), file('new')]),
    expect: { files: ['f new', 'f k by 1', 'd d by 1'], findings: ['secret k@0 by 1'] },
  },
  {
    name: 'a bare whiteout hides nothing, in a directory and at the root (two other scanners fail)',
    build: () => layersOf([key('etc/k'), key('k')], [mark('etc/.wh.'), mark('.wh.')]),
    expect: {
      files: ['f .wh.', 'f etc/.wh.', 'f etc/k', 'f k'],
      findings: [
        ...['secret etc/k@0', 'secret k@0', 'bare-whiteout .wh.@1', 'bare-whiteout etc/.wh.@1'],
      ],
    },
  },
  {
    name: 'one whiteout hides a directory of 10,000 files',
    build: () =>
      layersOf(
        Array.from({ length: 10_000 }, (_, at) => file(`d/${at}`, '')),
        [mark('.wh.d')],
      ),
    expect: {
      files: Array.from({ length: 10_000 }, (_, at) => `f d/${at} by 1`),
    },
  },
  {
    name: 'a whiteout for a name that does not exist changes nothing',
    build: () => layersOf([key('k')], [mark('.wh.never'), mark('no/such/.wh.place')]),
    expect: { files: ['f k'], findings: ['secret k@0'] },
  },
  {
    name: 'metadata of aufs is not a file and hides nothing',
    build: () =>
      layersOf(
        [key('k')],
        [directory('.wh..wh.plnk'), mark('.wh..wh.plnk/1.2'), mark('.wh..wh.aufs')],
      ),
    expect: { files: ['f k'], findings: ['secret k@0'] },
  },
  {
    name: 'content of a whiteout is examined, although no container shows it',
    build: () => layersOf([file('a')], [key('.wh.a')]),
    expect: { files: ['f a by 1'], findings: ['secret .wh.a@1 by 1'] },
  },
  {
    name: 'a device 0:0 hides like in overlayfs, and is reported',
    build: () => layersOf([key('gone')], [device]),
    expect: {
      files: ['f gone by 1'],
      findings: ['secret gone@0 by 1', 'overlay-whiteout gone@1 by 1'],
    },
  },
  {
    name: 'add, delete, add shows the last',
    build: () => layersOf([key('k')], [mark('.wh.k')], [file('k', 'harmless')]),
    expect: { files: ['f k', 'f k by 1'], findings: ['secret k@0 by 1'] },
  },
  {
    name: 'several whiteouts in one layer, and a whiteout next to the same name',
    build: () => layersOf([key('a'), key('b')], [file('a', 'new'), mark('.wh.a'), mark('.wh.b')]),
    expect: {
      files: ['f a', 'f a by 1', 'f b by 1'],
      findings: ['secret a@0 by 1', 'secret b@0 by 1'],
    },
  },
  {
    name: 'a deleted package list has hidden packages',
    build: () =>
      layersOf(
        [file('var/lib/dpkg/status', dpkg('one', 'two'))],
        [mark('var/lib/dpkg/.wh.status')],
      ),
    expect: {
      packages: ['one@1 var/lib/dpkg/status by 1', 'two@1 var/lib/dpkg/status by 1'],
    },
  },
  {
    name: 'names that contain the letters are regular names',
    build: () =>
      layersOf(['usr/bin/which', 'a.wh.b', '.which', 'x/.wh'].map(key), [
        mark('usr/bin/.wh'),
        mark('.whb'),
      ]),
    expect: {
      files: [...['f .whb', 'f .which', 'f a.wh.b', 'f usr/bin/.wh', 'f usr/bin/which', 'f x/.wh']],
      findings: [
        ...['secret .which@0', 'secret a.wh.b@0', 'secret usr/bin/which@0', 'secret x/.wh@0'],
      ],
    },
  },
  {
    name: 'whiteouts that name the directory itself or its parent hide nothing',
    build: () => layersOf([key('d/k')], [mark('d/.wh..'), mark('d/.wh...')]),
    expect: { findings: ['secret d/k@0'] },
  },
];
