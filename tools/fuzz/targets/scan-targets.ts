/** Replies of scanners, lists of digests, rules for secrets. */
import { readReply } from '../../../packages/analysis/src/scan/clamav/reply.ts';
import { parseVersion } from '../../../packages/analysis/src/scan/clamav/version.ts';
import { parseHashList } from '../../../packages/analysis/src/scan/hash-set/parse-hash-list.ts';
import { ListError } from '../../../packages/analysis/src/scan/lists/list-error.ts';
import { findSecrets } from '../../../packages/analysis/src/scan/secrets/find-secrets.ts';
import { createSecretsScanner } from '../../../packages/analysis/src/scan/secrets/secrets-scanner.ts';
import { createSimilarityScanner } from '../../../packages/analysis/src/scan/similarity/similarity.ts';
import { parseSimilarityList } from '../../../packages/analysis/src/scan/similarity/similarity-list.ts';
import { readYaraOutput } from '../../../packages/analysis/src/scan/yara/yara-output.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { harvestSeeds } from '../harvest.ts';

const subject = { path: 'a/file', sha256: 'ab'.repeat(32), mode: 0o755 };
const secrets = createSecretsScanner();
const similarity = createSimilarityScanner({ entries: [] });

function searchSecrets(bytes: Buffer): void {
  for (const isBinary of [false, true]) {
    for (const path of ['a/.env', 'etc/id_rsa', 'root/.docker/config.json']) {
      const found = findSecrets(bytes, { path, isBinary }).secrets;
      for (const { offset, line, masked } of found) {
        promise(offset >= 0 && offset <= bytes.length, `a secret at byte ${offset}`);
        promise((line ?? 1) >= 1 && masked.length < 1_000, 'an offset or a text out of bounds');
      }
    }
  }
}

async function scan(bytes: Buffer): Promise<void> {
  for (const scanner of [secrets, similarity]) {
    for (const kind of ['text', 'elf']) {
      const answer = await scanner.scan({ ...subject, kind, bytes, sizeBytes: bytes.length });
      promise(answer.state !== 'failed', `${scanner.id}: ${answer.detail}`);
    }
  }
}

const hex = (digit: string, length: number): string => digit.repeat(length);
const hashLists = [
  `${hex('a', 32)}\n${hex('b', 40)} name\n# remark\n${hex('c', 64)}\n`,
  `%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## x\n12,${hex('a', 32)},${hex('b', 64)},/a\n`,
  `sha256,name,size\n${hex('a', 64)},"a ""b"", c",12\n`,
  `uuid,event_id,category,type,value,comment\n1,2,Payload delivery,sha256,${hex('a', 64)},x\n`,
  `uuid,event_id,category,type,value\n1,2,Payload delivery,filename|md5,a|${hex('a', 32)}\n`,
  JSON.stringify({
    Event: {
      info: 'lab',
      Attribute: [{ type: 'filename|sha256', value: `a|${hex('a', 64)}`, to_ids: true }],
      Object: [{ Attribute: [{ type: 'sha1', value: hex('b', 40) }] }],
    },
  }),
];

export const scanTargets: readonly FuzzTarget[] = [
  {
    name: 'clamd-reply',
    files: ['scan/clamav/reply'],
    seeds: () => harvestSeeds('scan/clamav/'),
    run: (bytes) => {
      const text = bytes.toString('latin1');
      const { kind } = readReply(text);
      promise(
        kind !== 'nothing' || text.trim() === 'stream: OK',
        'nothing found in another answer',
      );
    },
  },
  {
    name: 'clamd-version',
    files: ['scan/clamav/version'],
    seeds: () => [Buffer.from('ClamAV 1.4.6/27012/Wed Aug  7 08:37:38 2024')],
    run: (bytes) => {
      const { databaseAtMs = 0 } = parseVersion(bytes.toString('latin1')) ?? {};
      promise(Number.isFinite(databaseAtMs), 'not a valid time');
    },
  },
  {
    name: 'hash-list',
    files: ['scan/hash-set/parse-hash-list', 'scan/lists/'],
    seeds: () => [...hashLists.map((text) => Buffer.from(text)), ...harvestSeeds('scan/hash-set/')],
    run: (bytes) => {
      for (const { digest } of parseHashList(bytes.toString()).entries) {
        promise(/^[0-9a-f]{32,64}$/.test(digest), `a digest of its own: ${digest}`);
      }
    },
    errors: [ListError],
    weight: 3,
  },
  {
    name: 'similarity-list',
    files: ['scan/similarity/similarity-list', 'scan/lists/', 'scan/similarity', 'digest/'],
    seeds: () => harvestSeeds('scan/similarity'),
    run: (bytes) => {
      const { entries } = parseSimilarityList(bytes.toString());
      // A list is prepared for searching as a whole.
      createSimilarityScanner({ entries });
    },
    errors: [ListError],
    weight: 2,
  },
  {
    name: 'secrets',
    files: ['scan/secrets/'],
    seeds: () => harvestSeeds('scan/'),
    run: searchSecrets,
    weight: 4,
  },
  {
    name: 'scanners',
    files: ['scan/secrets/', 'scan/similarity', 'digest/'],
    seeds: () => harvestSeeds('scan/'),
    run: scan,
    weight: 2,
  },
  {
    name: 'yara-output',
    files: ['scan/yara/yara-output'],
    seeds: () => [
      ...harvestSeeds('scan/yara/'),
      Buffer.from('f0:rule [a,b] [author="x",n=3,t=true] /proc/self/fd/0\n0x10:4:$a: \n'),
    ],
    // Refuses invalid input with an Error.
    run: (bytes) => void readYaraOutput(bytes.toString()),
    errors: [Error],
  },
];
