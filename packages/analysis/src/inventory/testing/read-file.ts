/** Shared by tests of readers: a file in memory, the facts of a reader, hostile bytes. */
import { fact as factSchema } from '@lazaret/protocol';
import type { Fact } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect } from 'vitest';

import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';

export function wholeFile(path: string, content: string | Uint8Array): WholeFile {
  const bytes = Buffer.from(content as Uint8Array);
  return {
    ...{ path, bytes, type: 'file', mode: 0o644, uid: 0, gid: 0, mtimeMs: 0 },
    sizeBytes: bytes.length,
  };
}

/** The facts of a file, each validated by the schema; a ReadError becomes an unknown fact. */
export async function factsOf(
  reader: Reader,
  path: string,
  content: string | Uint8Array,
): Promise<Fact[]> {
  const facts: Fact[] = [];
  const file = wholeFile(path, content);
  expect(reader.accepts?.(file) ?? true, `${reader.id} accepts ${path}`).toBe(true);
  try {
    await reader.read(file, (one) => facts.push(one));
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    const { reason, message } = error;
    facts.push({ kind: 'diagnostic', path, reader: reader.id, reason, detail: message });
  }
  for (const one of facts) expect(factSchema.parse(one)).toEqual(one);
  return facts;
}

export type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

export function ofKind<K extends Fact['kind']>(facts: readonly Fact[], kind: K): FactOf<K>[] {
  return facts.filter((one): one is FactOf<K> => one.kind === kind);
}

/** Common kinds of damage: bytes truncated, changed, duplicated, or random. */
export function damaged(sound: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat(Math.max(0, sound.length - 1));
  const change = fc.tuple(place, fc.oneof(fc.constantFrom(0, 0xff, 0x7f, 0x80), fc.nat(255)));
  return fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    place.map((length) => sound.slice(0, length)),
    fc.array(change, { minLength: 1, maxLength: 12 }).map((changes) => {
      const bytes = Uint8Array.from(sound);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    }),
    fc
      .tuple(place, place)
      .map(([from, to]) => Buffer.concat([sound.slice(0, to), sound.slice(from)])),
  );
}

/** Reads damaged bytes: it must end, and may throw only ReadError. */
export async function neverCrashes(reader: Reader, path: string, sound: Uint8Array): Promise<void> {
  await fc.assert(
    fc.asyncProperty(damaged(sound), async (bytes) => {
      await factsOf(reader, path, bytes);
    }),
    { numRuns: 150 },
  );
}
