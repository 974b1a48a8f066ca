/** Parts of readers with their own format, and file kinds and digests. */
import { fileKind, fileKindBytes } from '../../../packages/analysis/src/format/file-kind.ts';
import { sdhashScore } from '../../../packages/analysis/src/digest/sdhash-score.ts';
import { sdhash } from '../../../packages/analysis/src/digest/sdhash.ts';
import { ssdeepScore } from '../../../packages/analysis/src/digest/ssdeep-score.ts';
import { ssdeep } from '../../../packages/analysis/src/digest/ssdeep.ts';
import {
  randomBytes,
  randomWords,
} from '../../../packages/analysis/src/digest/testing/random-bytes.ts';
import { tlsh, tlshDistance } from '../../../packages/analysis/src/digest/tlsh.ts';
import {
  findSection,
  offsetOfAddress,
  parseBinary,
} from '../../../packages/analysis/src/inventory/binary/binary-image.ts';
import { sectionBytes } from '../../../packages/analysis/src/inventory/binary/binary-section.ts';
import { readXml } from '../../../packages/analysis/src/inventory/parsing/untrusted-xml.ts';
import { parseRelaxedJson } from '../../../packages/analysis/src/inventory/parsing/json-text.ts';
import { readPhpSerialized } from '../../../packages/analysis/src/inventory/php/php-serialized.ts';
import { readLiterals } from '../../../packages/analysis/src/inventory/ruby/ruby-literal.ts';
import { ReadError } from '../../../packages/analysis/src/inventory/reader.ts';
import { readHash } from '../../../packages/analysis/src/inventory/rpm/berkeley-hash.ts';
import {
  numbersOf,
  parseHeader,
  stringsOf,
} from '../../../packages/analysis/src/inventory/rpm/header-blob.ts';
import { readNdb } from '../../../packages/analysis/src/inventory/rpm/ndb.ts';
import { readTable } from '../../../packages/analysis/src/inventory/rpm/sqlite-table.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { harvestSeeds } from '../harvest.ts';
import { binarySeeds, programs, rpmHeaders } from './binary-samples.ts';

const inventory = 'inventory/';
const rpm = 'inventory/rpm/';
const ignore = (): void => undefined;

function readProgram(bytes: Buffer): void {
  const image = parseBinary(bytes);
  if (image === undefined) return;
  for (const section of image.sections) {
    const { length } = sectionBytes(bytes, section);
    promise(length <= bytes.length, 'a section larger than its file');
    findSection(image, section.name);
    const at = offsetOfAddress(image, section.address);
    promise(at === undefined || (at >= 0 && at <= bytes.length), `an address at byte ${at}`);
  }
}

function readRpmHeader(bytes: Buffer): void {
  const header = parseHeader(bytes);
  for (const tag of header.entries.keys()) {
    let chars = 0;
    for (const { length } of stringsOf(header, tag)) chars += length;
    promise(chars <= bytes.length, `${chars} characters in one tag`);
    promise(numbersOf(header, tag).length <= bytes.length, 'more numbers than bytes');
  }
}

/** All values of a generator, up to a limit. */
function drain(values: Iterable<Uint8Array>, mostBytes: number): void {
  let total = 0;
  for (const { length } of values) total += length;
  promise(total <= mostBytes, `${total} bytes out of ${mostBytes}`);
}

function compareDigests(bytes: Buffer): void {
  const half = bytes.subarray(0, bytes.length >> 1);
  for (const digest of [tlsh, ssdeep, (all: Uint8Array) => sdhash(all)]) {
    const first = digest(bytes);
    promise(first === digest(Buffer.from(bytes)), 'two digests of the same bytes');
    const second = digest(half);
    if (first === undefined || second === undefined) continue;
    if (digest === tlsh) promise(tlshDistance(first, first) === 0, 'a distance to itself');
    for (const score of [ssdeepScore, sdhashScore]) {
      const value = score(first, second);
      promise(value === undefined || (value >= 0 && value <= 100), `a score of ${value}`);
    }
  }
}

/** Digests come from lists, so their texts are untrusted too: two on two lines. */
function scoreTexts(bytes: Buffer): void {
  const [one = '', two = one] = bytes.toString('latin1').split('\n', 2);
  for (const score of [ssdeepScore, sdhashScore]) {
    const value = score(one, two);
    promise(value === undefined || (value >= 0 && value <= 100), `a score of ${value}`);
  }
  tlshDistance(one, two);
}

function digestTexts(): Buffer[] {
  const all = [randomBytes(1, 40_000), randomWords(2, 40_000), randomWords(3, 9_000)];
  const texts = all.flatMap((bytes) => [tlsh(bytes), ssdeep(bytes), sdhash(bytes)]);
  return texts.flatMap((text) => [Buffer.from(`${text}\n${text}`)]);
}

export const inventoryTargets: readonly FuzzTarget[] = [
  {
    name: 'binary-image',
    files: ['inventory/binary/'],
    seeds: programs,
    run: readProgram,
    errors: [ReadError],
    weight: 5,
  },
  {
    name: 'rpm-header',
    files: [`${rpm}header-blob`],
    seeds: rpmHeaders,
    run: readRpmHeader,
    errors: [ReadError],
    weight: 3,
  },
  {
    name: 'rpm-sqlite',
    files: [`${rpm}sqlite-table`],
    seeds: binarySeeds,
    run: (bytes) => {
      const options = { table: 'Packages', maxBytes: bytes.length, onDamage: ignore };
      let count = 0;
      for (const row of readTable(bytes, options)) count += row.length;
      promise(count <= bytes.length, `${count} columns`);
    },
    errors: [ReadError],
    weight: 4,
  },
  {
    name: 'rpm-ndb',
    files: [`${rpm}ndb`],
    seeds: binarySeeds,
    run: (bytes) => drain(readNdb(bytes, ignore), bytes.length),
    errors: [ReadError],
    weight: 2,
  },
  {
    name: 'rpm-berkeley',
    files: [`${rpm}berkeley`],
    seeds: binarySeeds,
    run: (bytes) => {
      const options = { maxBytes: bytes.length, onDamage: ignore };
      const pairs = [...readHash(bytes, options)];
      drain(
        pairs.map(({ value }) => value),
        bytes.length * 8,
      );
    },
    errors: [ReadError],
    weight: 4,
  },
  {
    name: 'xml',
    files: [`${inventory}parsing/untrusted-xml`],
    seeds: () => harvestSeeds(inventory),
    run: (bytes) => void readXml(bytes, { open: ignore, text: ignore }),
    errors: [ReadError],
  },
  {
    name: 'relaxed-json',
    files: [`${inventory}parsing/json-text`],
    seeds: () => harvestSeeds(inventory),
    run: (bytes) => void parseRelaxedJson(bytes),
    errors: [ReadError],
  },
  {
    name: 'php-serialized',
    files: [`${inventory}php/php-serialized`],
    seeds: () => [
      ...harvestSeeds(`${inventory}php/`),
      Buffer.from('a:2:{s:4:"name";s:3:"xml";i:0;a:1:{s:1:"b";d:1.5;}}'),
    ],
    run: (bytes) => void readPhpSerialized(bytes),
    errors: [ReadError],
  },
  {
    name: 'ruby-literal',
    files: [`${inventory}ruby/ruby-literal`],
    seeds: () => harvestSeeds(`${inventory}ruby/`),
    run: (bytes) => void readLiterals(bytes.toString()),
    errors: [ReadError],
  },
  {
    name: 'file-kind',
    files: ['format/'],
    seeds: binarySeeds,
    run: (bytes) => {
      const kind = fileKind(bytes.subarray(0, fileKindBytes), bytes.length);
      promise(/^[a-z0-9][a-z0-9.-]{0,30}$/.test(kind), `a kind of its own: ${kind}`);
    },
  },
  {
    name: 'similarity-digests',
    files: ['digest/'],
    seeds: () => [randomBytes(1, 9_000), randomWords(2, 9_000), ...programs()],
    run: compareDigests,
    maxBytes: 16 * 1024,
    weight: 2,
  },
  {
    name: 'similarity-texts',
    files: ['digest/'],
    seeds: digestTexts,
    run: scoreTexts,
    maxBytes: 16 * 1024,
    weight: 2,
  },
];
