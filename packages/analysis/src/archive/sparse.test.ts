import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { rawMember } from '../testing/raw-tar.ts';
import { sparseForms, sparseMember } from '../testing/sparse-tar.ts';
import type { SparseForm, SparsePiece } from '../testing/sparse-tar.ts';
import { formatPax } from './pax.ts';
import { TarError } from './tar-entry.ts';
import type { HiddenBytes } from './tar-entry.ts';
import { chunked, cuts, readAll, roomyLimits } from './testing/tar-samples.ts';

const end = Buffer.alloc(1_024);

/** Pieces with gaps between them, and the file that they make. */
const sparseFile = fc
  .record({
    pieces: fc.array(fc.record({ gap: fc.nat(3_000), text: fc.stringMatching(/^[a-z]{1,900}$/) }), {
      maxLength: 40,
    }),
    tail: fc.nat(200_000),
  })
  .map(({ pieces, tail }) => {
    let at = 0;
    const placed: SparsePiece[] = [];
    for (const { gap, text } of pieces) {
      placed.push({ at: at + gap, bytes: Buffer.from(text) });
      at += gap + text.length;
    }
    const whole = Buffer.alloc(at + tail);
    for (const { at: place, bytes } of placed) bytes.copy(whole, place);
    return { pieces: placed, whole };
  });

test.each(sparseForms)('a sparse file of form %s is read with its holes', async (form) => {
  await fc.assert(
    fc.asyncProperty(sparseFile, cuts, async ({ pieces, whole }, places) => {
      const member = sparseMember({ name: 'holes', form, pieces, sizeBytes: whole.length });
      const next = rawMember({ name: 'next', content: Buffer.from('next') });
      const entries = await readAll(chunked(Buffer.concat([member, next, end]), places));
      expect(entries).toMatchObject([
        { path: 'holes', type: expect.any(String) as string, sizeBytes: whole.length },
        { path: 'next', bytes: Buffer.from('next') },
      ]);
      expect(entries[0]?.bytes.equals(whole)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

describe('a malicious sparse file', () => {
  const x = (text: string, at: number): SparsePiece => ({ at, bytes: Buffer.from(text) });
  const read = async (
    form: SparseForm,
    pieces: SparsePiece[],
    sizeBytes: number,
  ): Promise<string> =>
    readAll(
      chunked(Buffer.concat([sparseMember({ name: 'a', form, pieces, sizeBytes }), end]), []),
    ).then(
      () => 'read',
      (error: unknown) => (error instanceof TarError ? error.code : 'other'),
    );

  test.each(sparseForms)('in form %s ends the archive', async (form) => {
    expect(await read(form, [x('aaaa', 0), x('bbbb', 2)], 100)).toBe('bad_sparse');
    expect(await read(form, [x('aaaa', 8), x('bbbb', 2)], 100)).toBe('bad_sparse');
    expect(await read(form, [x('aaaa', 98)], 100)).toBe('bad_sparse');
    expect(await read(form, [x('aaaa', 2 ** 40)], 2 ** 41)).toBe('entry_too_large');
    expect(await read(form, [x('aaaa', 10)], 2 ** 60)).toMatch(/bad_|entry_too_large/);
  });

  test('with only holes counts with its full size', async () => {
    const holes = sparseMember({ name: 'a', form: '1.0', pieces: [], sizeBytes: 10 ** 6 });
    const options = { ...roomyLimits, totalBytes: 2.5 * 10 ** 6 };
    const reading = readAll(chunked(Buffer.concat([holes, holes, holes, end]), []), options);
    await expect(reading).rejects.toMatchObject({ code: 'too_many_bytes', isLimit: true });
  });

  test('with an endless map is refused at a limit', async () => {
    const pieces = Array.from({ length: 5_000 }, (_, at) => x('', at));
    const member = sparseMember({ name: 'a', form: 'gnu', pieces, sizeBytes: 5_000 });
    const reading = readAll(chunked(Buffer.concat([member, end]), []));
    await expect(reading).rejects.toMatchObject({ code: 'header_too_large' });
  });

  test.each([
    { 'GNU.sparse.map': '0,1', 'GNU.sparse.numblocks': '2' },
    { 'GNU.sparse.map': '0,x', 'GNU.sparse.numblocks': '1' },
    { 'GNU.sparse.numbytes': '1' },
    { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' },
  ])('with the records %o is bad', async (records) => {
    const body = formatPax(new Map(Object.entries(records)));
    const member = Buffer.concat([
      rawMember({ name: 'pax', flag: 'x', content: body }),
      rawMember({ content: Buffer.from('x') }),
      end,
    ]);
    await expect(readAll(chunked(member, []))).rejects.toMatchObject({ code: 'bad_sparse' });
  });

  test('of an unknown version is its stored content, as Go unpacks it', async () => {
    const body = formatPax(new Map([['GNU.sparse.major', '7']]));
    const pax = rawMember({ name: 'pax', flag: 'x', content: body });
    const bytes = Buffer.concat([pax, rawMember({ content: Buffer.from('x') }), end]);
    expect(await readAll(chunked(bytes, []))).toMatchObject([{ bytes: Buffer.from('x') }]);
  });

  test('truncated anywhere yields entries or a TarError', async () => {
    const changes = fc.array(fc.tuple(fc.nat(3_000), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sparseForms),
        sparseFile,
        changes,
        async (form, file, by) => {
          const { pieces, whole } = file;
          const member = sparseMember({ name: 'a', form, pieces, sizeBytes: whole.length });
          const bytes = Buffer.concat([member, end]);
          for (const [at, value] of by) bytes[at % bytes.length] = value;
          await readAll(chunked(bytes, [])).catch((error: unknown) => {
            if (!(error instanceof TarError)) throw error;
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('hidden bytes', () => {
  const reported = async (bytes: Buffer, places: readonly number[] = []): Promise<string[]> => {
    const hidden: string[] = [];
    const onHidden = (each: HiddenBytes): void => {
      hidden.push(`${each.place} ${each.offset} ${each.bytes.toString('latin1')}`);
    };
    await readAll(chunked(bytes, places), { ...roomyLimits, onHidden });
    return hidden;
  };
  const file = rawMember({ name: 'a', content: Buffer.from('text') });

  test('in nonzero padding are reported', async () => {
    const odd = Buffer.from(file);
    odd.write('EVIL', 600);
    const [only] = await reported(Buffer.concat([odd, end]), [520, 610]);
    expect(only).toMatch(/^padding 516 \0*EVIL\0*$/);
  });

  test('after the end are reported, except zeros', async () => {
    expect(await reported(Buffer.concat([file, end, Buffer.alloc(200_000)]))).toEqual([]);
    const [only] = await reported(Buffer.concat([file, end, Buffer.from('EVIL')]));
    expect(only).toBe('after-end 2048 EVIL');
  });
});
