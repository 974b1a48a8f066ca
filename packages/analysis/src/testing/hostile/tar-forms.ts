/** Group 6: types of entries, ends of archives, and data between and after entries. */
import { rawMember } from '../raw-tar.ts';
import { sparseForms, sparseMember } from '../sparse-tar.ts';
import { buildTar } from '../image-builder.ts';
import type { LayerInput } from '../image-builder.ts';
import { file, layersOf, secret } from './hostile-case.ts';
import type { HostileCase } from './hostile-case.ts';

const bytes = Buffer.from(secret);
const afterEnd = '(after the end of the archive)';
const padding = '(padding between entries)';

async function tarOf(...entries: NonNullable<LayerInput['entries']>): Promise<Buffer> {
  return buildTar(entries);
}

function plain(tar: Buffer): { readonly layers: LayerInput[] } {
  return { layers: [{ tar, compression: 'none' }] };
}

export const tarFormCases: readonly HostileCase[] = [
  {
    name: 'a contiguous file is a file',
    build: () => layersOf([rawMember({ name: 'k', flag: '7', content: bytes })]),
    expect: { files: ['f k'], findings: ['secret k@0'] },
  },
  {
    name: 'an entry of unknown type is examined and reported: engines refuse it',
    build: () => layersOf([rawMember({ name: 'k', flag: 'Z', content: bytes }), file('next')]),
    expect: { files: ['? k', 'f next'], findings: ['secret k@0', 'unknown-type k@0'] },
  },
  ...sparseForms.map((form): HostileCase => ({
    name: `a sparse file of form ${form} is examined with its holes`,
    build: () => {
      const half = Math.floor(bytes.length / 2);
      const pieces = [
        { at: 100_000, bytes: bytes.subarray(0, half) },
        { at: 100_000 + half, bytes: bytes.subarray(half) },
      ];
      const sparse = { name: 'k', form, pieces, sizeBytes: 1_000_000 };
      return layersOf([sparseMember(sparse), file('next')]);
    },
    expect: {
      files: [form === 'gnu' ? '? k' : 'f k', 'f next'],
      findings: form === 'gnu' ? ['secret k@0', 'unknown-type k@0'] : ['secret k@0'],
    },
  })),
  {
    name: 'devices and FIFOs are entries without content, whatever they claim',
    build: () =>
      layersOf([
        ...['3', '4', '6'].map((flag) => rawMember({ name: `x${flag}`, flag, sizeBytes: 512 })),
        file('next'),
      ]),
    expect: {
      files: ['f next', 'b x4', 'p x6'],
      findings: ['overlay-whiteout x3@0 by 0'],
    },
  },
  {
    name: 'a truncated tar keeps previous entries',
    build: async () => plain((await tarOf(file('k', secret), file('b'))).subarray(0, 1_300)),
    expect: {
      ...{ verdict: 'incomplete', files: ['f k'], gaps: ['layer: damaged'] },
      findings: ['secret k@0'],
    },
  },
  {
    name: 'a tar without an end marker is complete, as for containers',
    build: async () => plain((await tarOf(file('k', secret))).subarray(0, -1_024)),
    expect: { files: ['f k'], findings: ['secret k@0'] },
  },
  {
    name: 'data after the end is reported and scanned',
    build: async () => plain(Buffer.concat([await tarOf(file('a')), bytes])),
    expect: {
      files: ['f a'],
      findings: [`secret ${afterEnd}@0`, `data-after-end ${afterEnd}@0`],
    },
  },
  {
    name: 'of two concatenated tars the second is opened for scanners only',
    build: async () =>
      plain(Buffer.concat([await tarOf(file('a')), await tarOf(file('k', secret))])),
    expect: {
      files: ['f a'],
      findings: [`secret ${afterEnd}@0`, `secret ${afterEnd}!/k@0`, `data-after-end ${afterEnd}@0`],
    },
  },
  {
    name: 'data in padding is reported and scanned',
    build: async () => {
      const tar = await tarOf(file('a'));
      bytes.copy(tar, 520);
      return plain(tar);
    },
    expect: { files: ['f a'], findings: [`secret ${padding}@0`, `data-in-padding ${padding}@0`] },
  },
  {
    name: 'zeros after the end, as written by tar, are not reported',
    build: async () => plain(Buffer.concat([await tarOf(file('a')), Buffer.alloc(20 * 512)])),
    expect: { files: ['f a'] },
  },
  {
    name: 'a lone zero block before further entries ends the layer',
    build: () => layersOf([file('a'), Buffer.alloc(512), file('k', secret)]),
    expect: { verdict: 'incomplete', files: ['f a'], gaps: ['layer: damaged'] },
  },
  {
    name: 'an extended attribute is scanned',
    build: () => {
      const xattrs = new Map([['user.note', bytes]]);
      return layersOf([{ path: 'a', content: Buffer.from('x'), xattrs }]);
    },
    expect: { files: ['f a'], findings: ['secret a!/(attribute user.note)@0'] },
  },
];
