/** A layer has the same bytes, however its connections are lost. */
import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SourceError, TransientError } from '../source-error.ts';
import { startFakeRegistry } from '../testing/fake-registry.ts';
import { amd64, ManualClock } from '@lazaret/analysis/testing';
import { openRegistrySource } from './registry-source.ts';
import { type BlobAnswer, type BlobServer, openBlob } from './open-blob.ts';

/** How one request ends: after this many bytes, in chunks of this size, with ranges or without. */
interface Behaviour {
  readonly cutAfter: number;
  readonly chunkBytes: number;
  readonly ranges: boolean;
  readonly clean: boolean;
}

const behaviour = fc.record({
  cutAfter: fc.nat({ max: 400 }),
  chunkBytes: fc.integer({ min: 1, max: 100 }),
  ranges: fc.boolean(),
  clean: fc.boolean(),
});

test('any sequence of lost connections yields the whole blob or an error, never other bytes', async () => {
  const list = fc.array(behaviour, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), list, async (bytes, behaviours) => {
      const blob = Buffer.from(bytes);
      const server = createServer(blob, behaviours);
      const got: Uint8Array[] = [];
      try {
        const options = {
          server,
          sizeBytes: blob.length,
          what: 'a layer',
          clock: new ManualClock(),
        };
        for await (const chunk of await openBlob(options)) got.push(Buffer.from(chunk));
        expect(Buffer.concat(got)).toEqual(blob);
      } catch (error) {
        expect(error).toBeInstanceOf(SourceError);
        const part = Buffer.concat(got);
        expect(part).toEqual(blob.subarray(0, part.length));
      }
    }),
  );
});

test('bytes beyond the size in the manifest are refused', async () => {
  const server = createServer(Buffer.alloc(100), []);
  const options = { server, sizeBytes: 60, what: 'a layer', clock: new ManualClock() };
  let sizeBytes = 0;
  const reading = (async () => {
    for await (const chunk of await openBlob(options)) sizeBytes += chunk.length;
  })();
  await expect(reading).rejects.toMatchObject({ code: 'damaged' });
  expect(sizeBytes).toBeLessThanOrEqual(60);
});

test('a slow trickle of bytes times out', async () => {
  const clock = new ManualClock();
  const server = createServer(Buffer.alloc(1_000), [], () => clock.pass(30_000));
  const options = { server, sizeBytes: 1_000, what: 'a layer', clock };
  const reading = (async () => {
    for await (const chunk of await openBlob(options)) expect(chunk.length).toBe(7);
  })();
  await expect(reading).rejects.toMatchObject({ message: expect.stringContaining('too slow') });
});

test('a slow reader is not allowed for a slow server', async () => {
  const clock = new ManualClock();
  const server = createServer(Buffer.alloc(1_000), []);
  const options = { server, sizeBytes: 1_000, what: 'a layer', clock };
  let sizeBytes = 0;
  for await (const chunk of await openBlob(options)) {
    clock.pass(600_000);
    sizeBytes += chunk.length;
  }
  expect(sizeBytes).toBe(1_000);
  expect(clock.waits).toEqual([]);
});

describe('any response of a registry', () => {
  test('listing returns images or a SourceError', async () => {
    const registry = await startFakeRegistry({ now: Date.now });
    const clock = new ManualClock();
    const open = (tag: string) =>
      openRegistrySource(`${registry.host}/app:${tag}`, { clock, defaultPlatform: amd64 });
    const digest = `sha256:${createHash('sha256').update('{}').digest('hex')}`;
    registry.store.putBlob(Buffer.from('{}'));
    const piece = fc.oneof(
      fc.constantFrom(digest, 'sha256:1', '', '__proto__', '../../x', 'https://elsewhere.invalid'),
      fc.integer(),
      fc.constant(null),
    );
    const key = fc.constantFrom(
      ...['digest', 'size', 'mediaType', 'urls', 'data', 'platform', 'annotations', '__proto__'],
    );
    const descriptor = fc.oneof(
      fc.dictionary(key, piece),
      fc.json().map((one) => JSON.parse(one)),
    );
    const document = fc.record(
      {
        schemaVersion: fc.constantFrom(1, 2, '2'),
        mediaType: piece,
        config: descriptor,
        layers: fc.array(descriptor, { maxLength: 3 }),
        manifests: fc.array(descriptor, { maxLength: 3 }),
        annotations: descriptor,
      },
      { requiredKeys: ['schemaVersion'] },
    );
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      document.map((one) => JSON.stringify(one)),
    );
    const type = fc.constantFrom(
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
      'text/plain',
    );
    try {
      await fc.assert(
        fc.asyncProperty(text, type, async (body, mediaType) => {
          registry.store.putManifest('app', 'any', { bytes: Buffer.from(body), mediaType });
          const source = open('any');
          try {
            await source.list('all');
          } catch (error) {
            expect(error).toBeInstanceOf(SourceError);
          } finally {
            await source.close();
          }
        }),
        { numRuns: 60 },
      );
    } finally {
      await registry.close();
    }
  });
});

function createServer(
  blob: Buffer,
  behaviours: readonly Behaviour[],
  onChunk: () => void = () => undefined,
): BlobServer {
  let count = 0;
  return {
    async send(headers) {
      const now = behaviours[count];
      count += 1;
      const whole = { cutAfter: blob.length, chunkBytes: 7, ranges: true, clean: true };
      return answer(blob, headers['range'], { ...(now ?? whole), onChunk });
    },
    async pause() {
      // Time is irrelevant here.
    },
    async refuse({ status }) {
      return new SourceError('unsupported', String(status));
    },
  };
}

function answer(
  blob: Buffer,
  range: string | undefined,
  { cutAfter, chunkBytes, ranges, clean, onChunk }: Behaviour & { onChunk: () => void },
): BlobAnswer {
  const from = ranges && range !== undefined ? Number(/\d+/.exec(range)?.[0]) : 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    const end = Math.min(blob.length, from + cutAfter);
    for (let at = from; at < end; at += chunkBytes) {
      onChunk();
      yield blob.subarray(at, Math.min(at + chunkBytes, end));
    }
    if (end < blob.length && !clean) throw new TransientError('unreachable', 'cut');
  }
  const headers = new Map([['content-range', `bytes ${from}-${blob.length - 1}/${blob.length}`]]);
  return {
    status: from > 0 ? 206 : 200,
    header: (name) => [headers.get(name)].filter((one) => one !== undefined),
    body: body(),
    redirected: false,
    drop: () => undefined,
  };
}
