// Not in the quick check: large archives are collected.
import { createHash } from 'node:crypto';
import { readTar, writeTar } from '@lazaret/analysis';
import type { TarEntry, TarInput } from '@lazaret/analysis';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { collectOutput } from './collect-output.ts';
import type { CollectedOutput, OutputRules, OutputSink } from './collect-output.ts';

const everything: OutputRules = {
  artifacts: ['**'],
  optional: [],
  ignore: [],
  maxEntries: 100,
  maxBytes: 1_000_000,
};
const bounds = {
  entries: 1_000,
  totalBytes: 1e9,
  entryBytes: 1e9,
  pathBytes: 4_096,
  paxBytes: 65_536,
};

interface Outcome extends CollectedOutput {
  readonly kept: Readonly<Record<string, string>>;
}

async function collect(inputs: TarInput[], rules: Partial<OutputRules> = {}): Promise<Outcome> {
  return judge(readTar(writeTar(inputs), bounds), rules);
}

async function judge(
  entries: AsyncIterable<TarEntry>,
  rules: Partial<OutputRules>,
): Promise<Outcome> {
  const kept: Record<string, string> = {};
  const sink: OutputSink = {
    async put(path, content) {
      const chunks = await Array.fromAsync(content, (chunk) => Buffer.from(chunk));
      const bytes = Buffer.concat(chunks);
      kept[path] = bytes.toString('latin1');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { sha256, sizeBytes: bytes.length };
    },
  };
  return { ...(await collectOutput(entries, { ...everything, ...rules }, sink)), kept };
}

function file(path: string, content = 'x'): TarInput {
  return { path, content: Buffer.from(content) };
}

describe('files', () => {
  test('are kept with their digest, the result marked', async () => {
    const inputs = [
      { path: 'd', type: 'directory' as const },
      file('d/a', 'A'),
      file('result', 'R'),
    ];
    const collected = await collect(inputs, { result: 'result' });
    expect(collected).toMatchObject({
      kept: { 'd/a': 'A', result: 'R' },
      outcome: 'complete',
      refusedCount: 0,
      escapedCount: 0,
    });
    expect(collected.files).toEqual([
      { path: 'd/a', sha256: digest('A'), sizeBytes: 1, primary: false },
      { path: 'result', sha256: digest('R'), sizeBytes: 1, primary: true },
    ]);
  });

  test('that match no glob are skipped', async () => {
    const inputs = [file('a.json'), file('b.txt'), file('extra/deep/c')];
    const rules = { artifacts: ['*.json'], optional: ['extra/**'] };
    const { kept, outcome } = await collect(inputs, rules);
    expect(Object.keys(kept)).toEqual(['a.json', 'extra/deep/c']);
    expect(outcome).toBe('complete');
  });

  test('that are inputs are not output', async () => {
    const { kept } = await collect([file('sample.apk'), file('out')], { ignore: ['sample.apk'] });
    expect(Object.keys(kept)).toEqual(['out']);
  });

  test('with control characters in their names are stored with replacements', async () => {
    const names = ['a\u001b[31mred', 'b\nc', 'd\u202egpj.exe', 'e\u0085', 'plain ü'];
    const { kept, escapedCount } = await collect(names.map((name) => file(name)));
    expect(Object.keys(kept)).toEqual(['a_[31mred', 'b_c', 'd_gpj.exe', 'e_', 'plain ü']);
    expect(escapedCount).toBe(4);
  });
});

describe('refused entries', () => {
  const kinds: TarInput[] = [
    { path: 'x', type: 'symlink', linkPath: '/etc/passwd' },
    { path: 'x', type: 'hardlink', linkPath: 'ok' },
    { path: 'x', type: 'character-device' },
    { path: 'x', type: 'block-device' },
    { path: 'x', type: 'fifo' },
  ];
  test.each(kinds)('a $type', async (input) => {
    const { refused, kept, outcome } = await collect([file('ok'), input]);
    expect(refused).toEqual([{ path: 'x', reason: input.type }]);
    expect([Object.keys(kept), outcome]).toEqual([['ok'], 'complete']);
  });

  test.each(['../up', '/etc/passwd', 'a/../../b', 'a//b', './a', '..', 'a/.'])(
    'the path %s',
    async (path) => {
      const { refused, kept } = await collect([file('ok'), file(path)]);
      expect(refused).toEqual([{ path, reason: 'unsafe_path' }]);
      expect(Object.keys(kept)).toEqual(['ok']);
    },
  );

  test('a path that is too long, and a duplicate one', async () => {
    const long = `${'d/'.repeat(600)}f`;
    const { refused } = await collect([file('a\u0001'), file('a\u0002'), file(long)]);
    expect(refused.map(({ reason }) => reason)).toEqual(['duplicate_path', 'path_too_long']);
  });

  test('is listed up to a limit, but counted', async () => {
    const inputs = Array.from({ length: 60 }, (_, index) => ({
      path: `link-${index}`,
      type: 'symlink' as const,
      linkPath: '/',
    }));
    const { refused, refusedCount } = await collect(inputs);
    expect([refused.length, refusedCount]).toEqual([20, 60]);
  });

  test('determines the outcome when it was required', async () => {
    const link: TarInput = { path: 'result', type: 'symlink', linkPath: '/etc/shadow' };
    expect(await collect([file('other'), link], { result: 'result' })).toMatchObject({
      outcome: 'output_refused',
      detail: expect.stringContaining('result'),
    });
  });
});

describe('the outcome', () => {
  test.each([
    ['no_result', [], {}],
    ['no_result', [file('other')], { result: 'result' }],
    ['no_result', [file('result')], { result: 'result', artifacts: ['*.json'] }],
    ['no_result', [{ path: 'd', type: 'directory' as const }], {}],
    ['empty_result', [file('result', ''), file('other')], { result: 'result' }],
    ['empty_result', [file('a', ''), file('b', '')], {}],
    ['complete', [file('a', ''), file('b', 'b')], {}],
    ['complete', [file('result')], { result: 'result' }],
    ['complete', [file('result'), file('x.json', '')], { result: 'result', artifacts: ['*.json'] }],
    ['complete', [file('result')], { result: 'result', artifacts: [], optional: ['*.json'] }],
  ] as [string, TarInput[], Partial<OutputRules>][])(
    'is %s for %o by %o',
    async (wanted, inputs, rules) => {
      expect((await collect(inputs, rules)).outcome).toBe(wanted);
    },
  );

  test.each([
    ['bytes in one file', [file('big', 'x'.repeat(11))], { maxBytes: 10 }, []],
    ['bytes in many files', [file('a', '12345'), file('b', '123456')], { maxBytes: 10 }, ['a']],
    ['entries', [file('a'), file('b'), file('c')], { maxEntries: 2 }, ['a', 'b']],
  ])('is output_limit for too many %s', async (_, inputs, rules, kept) => {
    const collected = await collect(inputs, rules);
    expect(collected.outcome).toBe('output_limit');
    expect(Object.keys(collected.kept)).toEqual(kept);
  });

  test('is output_limit before a byte of a huge sparse file is read', async () => {
    let read = 0;
    const content = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      for (;;) {
        read += 65_536;
        yield Buffer.alloc(65_536);
      }
    })();
    const huge = { path: 'hole', sizeBytes: 2 ** 40, content };
    const entries = readTar(writeTar([huge]), {
      ...bounds,
      totalBytes: 2 ** 50,
      entryBytes: 2 ** 50,
    });
    expect((await judge(entries, {})).outcome).toBe('output_limit');
    expect(read).toBe(0);
  });

  test('is output_limit when the archive itself reaches a limit', async () => {
    const entries = readTar(writeTar([file('a'), file('b')]), { ...bounds, entries: 1 });
    expect(await judge(entries, {})).toMatchObject({ outcome: 'output_limit', kept: { a: 'x' } });
  });

  test('is an error of the caller when the archive is damaged or the sink fails', async () => {
    const damaged = readTar(
      (async function* () {
        yield Buffer.alloc(512, 'x');
      })(),
      bounds,
    );
    await expect(judge(damaged, {})).rejects.toThrow('checksum');
    const sink = { put: () => Promise.reject(new Error('disk full')) };
    const entries = readTar(writeTar([file('a')]), bounds);
    await expect(collectOutput(entries, everything, sink)).rejects.toThrow('disk full');
  });
});

test('for any names, stored paths are plain, distinct and within the limits', async () => {
  const path = fc
    .array(
      fc.oneof(
        fc.constantFrom('..', '.', '', 'a', 'b'),
        fc.string({ unit: 'binary', maxLength: 6 }),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((parts) => parts.join('/').replaceAll('\0', '').toWellFormed() || 'a');
  const type = fc.constantFrom('file' as const, 'symlink' as const, 'directory' as const);
  const input = fc.record({ path, type, size: fc.nat(40) }).map((each): TarInput => {
    const content = each.type === 'file' ? { content: Buffer.alloc(each.size) } : {};
    return { path: each.path, type: each.type, linkPath: 'a', ...content };
  });
  await fc.assert(
    fc.asyncProperty(fc.array(input, { maxLength: 12 }), async (inputs) => {
      const { files, kept } = await collect(inputs, { maxBytes: 100, maxEntries: 8 });
      const paths = files.map((each) => each.path);
      expect(paths).toEqual(Object.keys(kept).length === paths.length ? paths : []);
      expect(new Set(paths).size).toBe(paths.length);
      for (const each of paths) {
        expect(each).not.toMatch(/(^|\/)(\.{0,2})(\/|$)|\p{Cc}/u);
      }
      expect(files.reduce((sum, each) => sum + each.sizeBytes, 0)).toBeLessThanOrEqual(100);
      expect(files.length).toBeLessThanOrEqual(8);
    }),
    { numRuns: 300 },
  );
});

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
