/** Every reader of the inventory: whatever the bytes, facts as agreed or a ReadError. */
import { fact as factSchema } from '@lazaret/protocol';
import type { Fact } from '@lazaret/protocol';

import { selectReaders } from '../../../packages/analysis/src/inspect/reader-table.ts';
import { allReaders } from '../../../packages/analysis/src/inventory/all-readers.ts';
import { ReadError } from '../../../packages/analysis/src/inventory/reader.ts';
import type { Reader, WholeFile } from '../../../packages/analysis/src/inventory/reader.ts';
import { BrokenPromise, promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { filesBehind, harvestSeeds } from '../harvest.ts';
import { binarySeeds } from './binary-samples.ts';

const binary = /^(rpm|nix|go|rust|java|dotnet-assembly|elf|linux|binary|busybox|python-egg)/;

export function readerTargets(): FuzzTarget[] {
  return allReaders.map((reader): FuzzTarget => {
    let paths: readonly string[] | undefined;
    return {
      name: `reader:${reader.id}`,
      get files() {
        return filesBehind('inventory/', `'${reader.id}'`);
      },
      seeds: () => [...binarySeeds(), ...harvestSeeds('inventory/')],
      run: async (bytes) => {
        paths ??= pathsOf(reader);
        // The path is part of the input: its length decides.
        await readAll(reader, paths[bytes.length % paths.length] ?? 'file', bytes);
      },
      errors: [ReadError],
      weight: binary.test(reader.id) ? 4 : 2,
    };
  });
}

const pathsMax = 40;

/** Paths out of the tests that the reader takes. */
function pathsOf(reader: Reader): readonly string[] {
  const select = selectReaders([reader]);
  const known = harvestSeeds('inventory/')
    .map((one) => one.toString())
    .filter((path) => path.length < 200 && /^[\w.+@:/-]+$/.test(path));
  const made = (reader.wants.names ?? []).flatMap((name) => [
    ...[name, `usr/lib/${name}`, `var/lib/pacman/local/tool-1-1/${name}`],
  ]);
  const all = [...known, ...made, 'usr/bin/python3', 'file', 'usr/lib/libx.so', 'a.dll'];
  const head = Buffer.from(reader.wants.magic?.[0] ?? '', 'latin1');
  const taken = all.filter((path) => select(entryOf(path, head), head).length > 0);
  const [first] = taken;
  if (first === undefined) throw new Error(`no path is known that ${reader.id} takes`);
  return taken.slice(0, pathsMax);
}

function entryOf(path: string, bytes: Buffer): WholeFile {
  const place = { path, type: 'file', mode: 0o755, uid: 0, gid: 0, mtimeMs: 0 } as const;
  return { ...place, sizeBytes: bytes.length, bytes };
}

async function readAll(reader: Reader, path: string, bytes: Buffer): Promise<void> {
  const facts: Fact[] = [];
  try {
    await reader.read(entryOf(path, bytes), (one) => facts.push(one));
  } finally {
    checkFacts(facts, bytes.length);
  }
}

/** No text of a fact may be longer than what the longest one is made of. */
const textChars = 256 * 1024 + 4_096;
/** Facts may say the same words several times, but not blow them up without end. */
const growth = 200;

function checkFacts(facts: readonly Fact[], inputBytes: number): void {
  const said = JSON.stringify(facts);
  promise(said.length <= inputBytes * growth + 64 * 1024, `${said.length} characters of facts`);
  for (const one of facts) {
    const parsed = factSchema.safeParse(one);
    if (!parsed.success) throw new BrokenPromise(`no fact: ${parsed.error.message.slice(0, 400)}`);
    const longest = longestText(one);
    promise(longest <= textChars, `a text of ${longest} characters`);
  }
}

function longestText(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((max, one) => Math.max(max, longestText(one)), 0);
}
