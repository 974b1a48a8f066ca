import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  archive,
  chunked,
  readAll,
  roomyLimits,
  tarInput,
} from '../archive/testing/tar-samples.ts';
import { TarError } from '../archive/tar-entry.ts';
import { rawMember } from '../testing/raw-tar.ts';
import { normalizePath } from '@lazaret/oci';
import type { FileBytes } from './file-bytes.ts';
import { indexTar } from './index-tar.ts';

const options = { ...roomyLimits, dialect: 'docker' } as const;

function memory(bytes: Buffer): FileBytes {
  return {
    path: undefined,
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    async *stream({ offset, sizeBytes }) {
      yield bytes.subarray(offset, offset + sizeBytes);
    },
    close: () => Promise.resolve(),
  };
}

/** Path, type and content of the last entry of each path, as read by the streaming reader. */
async function streamed(bytes: Buffer): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const { path, type, bytes: content, linkPath } of await readAll(
    chunked(bytes, []),
    options,
  )) {
    const place = normalizePath(path);
    const isLink = type === 'symlink' || type === 'hardlink';
    const kind = type === 'file' || isLink ? type : 'other';
    if (!place.escaped)
      found.set(place.path, [kind, content.toString('hex'), isLink ? linkPath : '']);
  }
  return found;
}

async function indexed(bytes: Buffer): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const [path, { type, offset, sizeBytes, linkPath }] of await indexTar(memory(bytes))) {
    const isLink = type === 'symlink' || type === 'hardlink';
    const content = bytes.toString('hex', offset, offset + sizeBytes);
    found.set(path, [type, content, isLink ? linkPath : '']);
  }
  return found;
}

test('members agree with the streaming reader', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tarInput, { maxLength: 8 }), async (entries) => {
      const bytes = await archive(entries);
      expect(await indexed(bytes)).toEqual(await streamed(bytes));
    }),
    { numRuns: 150 },
  );
});

test('GNU names, pax sizes and link content agree with the streaming reader', async () => {
  const long = 'n'.repeat(200);
  const pax = Buffer.from('12 size=512\n');
  const hidden = rawMember({ name: 'hidden' });
  const bytes = Buffer.concat([
    rawMember({ flag: 'L', content: Buffer.from(`${long}\0`) }),
    rawMember({ content: Buffer.from('long') }),
    rawMember({ flag: 'x', content: pax }),
    rawMember({ name: 'outer' }),
    hidden,
    rawMember({ flag: '2', name: 'link', linkName: 'outer', sizeBytes: 512 }),
    rawMember({ flag: 'g', content: Buffer.from('12 path=pax\n') }),
    rawMember({ name: 'last' }),
    Buffer.alloc(1_024),
  ]);
  const found = await indexed(bytes);
  expect([...found.keys()]).toEqual([long, 'outer', 'link', 'last']);
  expect(found).toEqual(await streamed(bytes));
});

test('arbitrary bytes yield an index or a TarError', async () => {
  const blocks = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc
      .record({ flag: fc.constantFrom('0', 'x', 'L', 'K', 'g', 'S', '5'), size: fc.nat(5_000) })
      .map(({ flag, size }) => rawMember({ flag, sizeBytes: size })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(blocks, { maxLength: 6 }), async (parts) => {
      const error = await indexTar(memory(Buffer.concat(parts))).catch((cause: unknown) => cause);
      expect(error instanceof Map || error instanceof TarError).toBe(true);
    }),
    { numRuns: 300 },
  );
});
