/** Unpacking what the real programs pack, and bombs of full size. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { decodeBzip2 } from './bzip2.ts';
import { DecodeError } from './decode-error.ts';
import { openAll } from './testing/nested-samples.ts';
import { archive } from './testing/tar-samples.ts';
import { decodeLzma, decodeXz } from './xz.ts';

const MiB = 1024 * 1024;
const dictionaryBytes = 64 * MiB;
const evil = Buffer.from('something evil');
let directory = '';
let sample: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-nested-'));
  const program = await readFile(process.execPath);
  const text = Buffer.from('all work and no play makes a dull text. '.repeat(3_000));
  const runs = Buffer.concat([Buffer.alloc(400_000), Buffer.from('aaaa\xffbbbbb'.repeat(999))]);
  sample = Buffer.concat([program.subarray(0, MiB), text, runs, randomBytes(100_000)]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function run(command: string, words: readonly string[], input?: Buffer): Buffer {
  return execFileSync(command, words, {
    ...(input === undefined ? {} : { input }),
    maxBuffer: 2e9,
  });
}

describe('streams', () => {
  const forms: [string, readonly string[], (bytes: Buffer) => Iterable<Buffer>][] = [
    ['bzip2', ['-1'], decodeBzip2],
    ['bzip2', ['-9'], decodeBzip2],
    ['xz', ['-0'], (bytes) => decodeXz(bytes, dictionaryBytes)],
    ['xz', ['-9e', '-C', 'sha256'], (bytes) => decodeXz(bytes, dictionaryBytes)],
    ['xz', ['-1', '--block-size=300KiB'], (bytes) => decodeXz(bytes, dictionaryBytes)],
    ['xz', ['--lzma2=dict=4KiB,lc=0,lp=4,pb=4'], (bytes) => decodeXz(bytes, dictionaryBytes)],
    ['xz', ['--format=lzma', '-6'], (bytes) => decodeLzma(bytes, dictionaryBytes)],
  ];
  test.each(forms)('%s %j is read back, alone and twice', (command, words, decode) => {
    const packed = run(command, words, sample);
    expect(Buffer.concat([...decode(packed)]).equals(sample)).toBe(true);
    if (words.includes('--format=lzma')) return;
    const twice = Buffer.concat([...decode(Buffer.concat([packed, packed]))]);
    expect(twice.length).toBe(2 * sample.length);
    expect(twice.subarray(sample.length).equals(sample)).toBe(true);
  });

  test.each(forms)('%s %j, empty and cut short', (command, words, decode) => {
    expect(Buffer.concat([...decode(run(command, words, Buffer.alloc(0)))])).toHaveLength(0);
    const packed = run(command, words, sample);
    const cut = packed.subarray(0, packed.length - Math.floor(packed.length / 8));
    const pieces: Buffer[] = [];
    expect(() => {
      for (const piece of decode(cut)) pieces.push(piece);
    }).toThrow(DecodeError);
    const got = Buffer.concat(pieces);
    expect(got.length).toBeGreaterThan(0);
    expect(got.equals(sample.subarray(0, got.length))).toBe(true);
  });

  test('changed bytes yield content or a DecodeError', () => {
    const short = sample.subarray(0, 4_000);
    const packed = forms.map(([command, words, decode]) => {
      return { bytes: run(command, words, short), decode };
    });
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...packed), edits, ({ bytes, decode }, changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) changed[at % changed.length] = value;
        let size = 0;
        try {
          for (const piece of decode(changed)) if ((size += piece.length) > 8 * MiB) break;
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('xz with an unsupported filter is reported', async () => {
    const packed = run('xz', ['--x86', '--lzma2'], sample);
    expect((await openAll(packed, { path: 'a.xz' })).gaps).toEqual(['a.xz: unsupported']);
  });

  test('zstd with a window of 128 MiB', async () => {
    const packed = run('zstd', ['--long=27', '-c'], sample);
    expect((await openAll(packed, { path: 'a.zst' })).members.get('a.zst!/a')).toEqual(sample);
  });
});

describe('packages', () => {
  test.each(['xz', 'zstd', 'gzip', 'none'])('dpkg-deb with %s', async (compression) => {
    const root = join(directory, `deb-${compression}`);
    await mkdir(join(root, 'DEBIAN'), { recursive: true });
    const fields = 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.org>\n';
    await writeFile(join(root, 'DEBIAN/control'), `${fields}Description: x\n`);
    await writeFile(join(root, 'evil'), evil);
    const file = join(directory, `${compression}.deb`);
    run('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', root, file]);
    const opened = await openAll(await readFile(file), { path: 'x.deb' });
    const found = [...opened.members].filter(([, content]) => content.equals(evil));
    expect(found.map(([path]) => path)).toEqual([expect.stringMatching(/!\/\.\/evil$/)]);
    expect(opened.gaps).toEqual([]);
  });

  test.each(['w9.gzdio', 'w6.xzdio', 'w3.zstdio', 'w9.bzdio', 'w6.lzdio'])(
    'rpmbuild with %s',
    async (payload) => {
      const spec = join(directory, 'x.spec');
      const lines = [
        ...['Name: x', 'Version: 1', 'Release: 1', 'Summary: x', 'License: x', 'BuildArch: noarch'],
        ...['%description', 'x', '%install', 'mkdir -p %{buildroot}/opt'],
        ...[`printf '${evil.toString()}' > %{buildroot}/opt/evil`, '%files', '/opt/evil', ''],
      ];
      await writeFile(spec, lines.join('\n'));
      const top = join(directory, payload);
      const words = ['--define', `_topdir ${top}`, '--define', `_binary_payload ${payload}`];
      run('rpmbuild', ['-bb', '--quiet', ...words, spec]);
      const opened = await openAll(await readFile(join(top, 'RPMS/noarch/x-1-1.noarch.rpm')));
      expect(opened.members.get('file!/payload!/content!/./opt/evil')).toEqual(evil);
      expect(opened.gaps).toEqual([]);
    },
  );

  test('ar', async () => {
    const [short, long] = [join(directory, 'short.o'), join(directory, `${'long'.repeat(9)}.o`)];
    await writeFile(short, evil);
    await writeFile(long, sample);
    const file = join(directory, 'lib.a');
    run('ar', ['rc', file, short, long]);
    const opened = await openAll(await readFile(file), { path: 'lib.a' });
    expect(opened.members.get('lib.a!/short.o')).toEqual(evil);
    expect(opened.members.get(`lib.a!/${'long'.repeat(9)}.o`)).toEqual(sample);
  });

  test('zip, with a password for one of two', async () => {
    const [open, locked] = [join(directory, 'open'), join(directory, 'locked')];
    await writeFile(open, evil);
    await writeFile(locked, evil);
    const file = join(directory, 'a.zip');
    run('zip', ['-qj', file, open]);
    run('zip', ['-qjP', 'secret', file, locked]);
    const opened = await openAll(await readFile(file), { path: 'a.zip' });
    expect(opened.members.get('a.zip!/open')).toEqual(evil);
    expect(opened.gaps).toEqual(['a.zip!/locked: encrypted']);
  });
});

describe('sizes beyond the limits', () => {
  const now = (): number => performance.now();

  /** Opens it and says by how much memory grew meanwhile. */
  async function growth(bytes: Buffer): Promise<{ gaps: string[]; grownBytes: number }> {
    const before = process.memoryUsage().rss;
    let highest = before;
    const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 10);
    const { gaps } = await openAll(bytes, { now });
    clearInterval(timer);
    return { gaps, grownBytes: highest - before };
  }

  test('xz that requires a dictionary of 1.5 GiB', async () => {
    const bytes = run('xz', ['--lzma2=preset=0,dict=1536MiB', '-M', '0'], evil);
    const { gaps, grownBytes } = await growth(bytes);
    expect(gaps).toEqual(['file: too_large']);
    expect(grownBytes).toBeLessThan(100 * MiB);
  });

  test('a tar of gigabytes in a small gzip, with members up to the limit', async () => {
    const small = { path: 'first/evil', content: evil };
    const large = { path: 'zeros', content: Buffer.alloc(200 * MiB) };
    const bytes = gzipSync(await archive([small, large]), { level: 9 });
    const opened = await openAll(bytes, { now, path: 'a.tgz' });
    expect(opened.gaps.length).toBeGreaterThan(0);
    const paths = [...opened.members.keys()];
    expect(paths.some((path) => path.endsWith('first/evil')) || opened.truncated.length > 0).toBe(
      true,
    );
  });
});
