/** Every reader of the inventory: for any bytes, valid facts or a ReadError. */
import { zstdCompressSync } from 'node:zlib';

import { fact as factSchema } from '@lazaret/protocol';
import type { Fact } from '@lazaret/protocol';

import { selectReaders } from '../../../packages/analysis/src/inspection/walk/reader-table.ts';
import type { DescribedReader } from '../../../packages/analysis/src/inventory/ecosystem.ts';
import { ecosystems } from '../../../packages/analysis/src/inventory/ecosystems.ts';
import { ReadError } from '../../../packages/analysis/src/inventory/reader.ts';
import type { Reader, WholeFile } from '../../../packages/analysis/src/inventory/reader.ts';
import { readerSamples } from '../../../packages/analysis/src/inventory/testing/reader-samples.ts';
import { baseName } from '../../../packages/oci/src/untrusted/tree-path.ts';
import { BrokenPromise, promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { filesBehind, harvestSeeds, harvestWords } from '../harvest.ts';
import { binarySeeds } from './binary-samples.ts';

const binary = /^(rpm|nix|go|rust|java|dotnet-assembly|elf|linux|binary|busybox|python-egg)/;

/** Seeds that no test has as one text. */
const textSeeds = [
  'a:3:{s:4:"name";s:5:"redis";s:7:"channel";s:12:"pecl.php.net";s:7:"version";s:3:"6.0";}',
  [
    '{"jsonwall":"1.0","schema":"1.0","count":4}',
    '{"kind":"package","name":"base-files","version":"12","digest":"ab","arch":"amd64"}',
    '{"kind":"path","path":"/etc/a","mode":"0644","slices":["base-files_base"],"sha256":"cd"}',
    '{"kind":"slice","name":"base-files_base"}',
  ].join('\n'),
].map((text) => Buffer.from(text));

export function readerTargets(): FuzzTarget[] {
  const samples = readerSamples();
  const described = ecosystems.flatMap(({ readers }) => readers);
  return described.map((one): FuzzTarget => {
    const { reader } = one;
    let paths: readonly string[] | undefined;
    return {
      name: `reader:${reader.id}`,
      get files() {
        return filesBehind('inventory/', reader.id);
      },
      seeds: () => [
        ...(samples[reader.id] ?? []).map(({ bytes }) => bytes),
        ...[...binarySeeds(), ...harvestSeeds('inventory/'), ...textSeeds],
      ],
      run: async (bytes) => {
        paths ??= pathsOf(one);
        // Where there are many paths, the length of the input decides.
        for (let at = 0; at < Math.min(pathsTried, paths.length); at += 1) {
          await readAll(reader, paths[(bytes.length + at) % paths.length] ?? 'file', bytes);
        }
      },
      // A changed frame would be refused by its checksum.
      ...(reader.id === 'chisel' && { repair: (bytes: Buffer) => zstdCompressSync(bytes) }),
      weight: binary.test(reader.id) ? 4 : 2,
    };
  });
}

const pathsMax = 40;
const pathsTried = 3;

/** Paths that the reader accepts: those of its capabilities, and others out of the tests. */
function pathsOf({ reader, files }: DescribedReader): readonly string[] {
  const select = selectReaders([reader]);
  const known = [
    ...harvestSeeds('inventory/'),
    ...harvestWords(filesBehind('inventory/', reader.id)),
  ]
    .map((one) => one.toString())
    .filter((path) => path.length < 200 && /^[\w.+@:/-]+$/.test(path));
  const all = [...files.map(({ example }) => example), ...known];
  const head = Buffer.from(reader.wants.magic?.[0] ?? '', 'latin1');
  const taken = distinctNames(all.filter((path) => select(entryOf(path, head), head).length > 0));
  return taken.slice(0, pathsMax);
}

function distinctNames(paths: readonly string[]): string[] {
  return [...new Map(paths.map((path) => [baseName(path), path])).values()];
}

function entryOf(path: string, bytes: Buffer): WholeFile {
  const place = { path, type: 'file', mode: 0o755, uid: 0, gid: 0, mtimeMs: 0 } as const;
  return { ...place, sizeBytes: bytes.length, bytes };
}

async function readAll(reader: Reader, path: string, bytes: Buffer): Promise<void> {
  const facts: Fact[] = [];
  try {
    await reader.read(entryOf(path, bytes), (one) => facts.push(one));
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
  }
  checkFacts(facts, bytes.length);
}

/** No text of a fact may be longer than its longest possible source. */
const textChars = 256 * 1024 + 4_096;
/** Facts may repeat text several times, but not without a limit. */
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
