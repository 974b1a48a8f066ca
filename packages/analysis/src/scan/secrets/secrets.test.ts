// Not in the quick check: hundreds of random texts are scanned with every rule.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { describeScanner, subjectOf } from '../scanner.suite.ts';
import type { FileFinding } from '../scanner.ts';
import { fileRules } from './file-rules.ts';
import { findSecrets, secretRules } from './find-secrets.ts';
import type { FoundSecret } from './find-secrets.ts';
import { entropyBits, isPlaceholder } from './judge-value.ts';
import { prepareSearch, searchLiterals } from './literal-search.ts';
import { createSecretsScanner } from './secrets-scanner.ts';
import { alnum, fileSamples, secretSamples } from './testing/secret-samples.ts';

const sampleOf = (rule: string): string =>
  secretSamples.find(([name]) => name === rule)?.[1] ??
  fileSamples.find(([name]) => name === rule)?.[2] ??
  '';
const find = (text: string, path = 'app/settings'): readonly FoundSecret[] =>
  findSecrets(Buffer.from(text, 'latin1'), { path, isBinary: false }).secrets;

async function scan(
  text: string | Buffer,
  path: string,
  kind = 'text',
): Promise<readonly FileFinding[]> {
  const answer = await createSecretsScanner().scan({ ...subjectOf(Buffer.from(text), path), kind });
  expect(answer.state).toBe('examined');
  return answer.findings;
}

describeScanner('secrets', () =>
  Promise.resolve({
    scanner: createSecretsScanner({ fileBytes: 300_000 }),
    bad: { bytes: Buffer.from(sampleOf('private-key')), rule: 'private-key' },
    clean: Buffer.from('nothing secret here\n'.repeat(9)),
    fileBytes: 300_000,
    close: () => Promise.resolve(),
  }),
);

describe('rules', () => {
  test.each(secretSamples)('%s finds its sample', (rule, text) => {
    const found = find(`first line\nx = ${text}\nlast line\n`);
    expect(found.map((each) => each.rule)).toEqual([rule]);
    expect(found[0]?.line).toBe(2);
    expect(found[0]?.downgradeReason).toBeUndefined();
  });

  test.each(fileSamples)('%s finds its sample in %s', (rule, path, text) => {
    expect(find(text, path).map((each) => each.rule)).toEqual([rule]);
    expect(find(text, 'app/other.bin').map((each) => each.rule)).not.toContain(rule);
  });

  test('each has a sample, and there are more than sixty', () => {
    const sampled = new Set([...secretSamples, ...fileSamples].map(([rule]) => rule));
    const all = [...secretRules, ...fileRules].map(({ id }) => id);
    expect(all.filter((id) => !sampled.has(id))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(60);
  });

  test('a token that is truncated, longer, or part of a word is not reported', () => {
    const token = sampleOf('github-token');
    expect(find(token.slice(0, -1))).toEqual([]);
    expect(find(`${token}a`)).toEqual([]);
    expect(find(`x${token}`)).toEqual([]);
    expect(find(`ghp_${'x'.repeat(36)}`)).toEqual([]);
  });

  test('the markers of a key without the key are not a secret', () => {
    const first = sampleOf('private-key').split('\n')[0] ?? '';
    expect(find(`if (text.startsWith("${first}")) return;\n${first}\n...\n`)).toEqual([]);
  });

  test('an encrypted key is reported with a lower severity than an open one', () => {
    const [first = '', ...rest] = sampleOf('private-key').split('\n');
    const encrypted = [first, 'Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,00', '', ...rest];
    expect(find(encrypted.join('\n'))).toMatchObject([{ severity: 'medium' }]);
    expect(find(sampleOf('private-key'))).toMatchObject([{ severity: 'high' }]);
    expect(find(sampleOf('private-key-openssh'))).toMatchObject([{ severity: 'high' }]);
  });
});

describe('examples are reported as info with the reason, not dropped', () => {
  const token = sampleOf('stripe-key');

  test.each([
    ['usr/share/doc/tool/readme.txt', token],
    ['app/node_modules/lib/test/key.js', token],
    ['app/src/client.test.js', token],
    ['app/node_modules/url/test.js', token],
    ['app/node_modules/aws-sdk/apis/s3.examples.json', token],
    ['app/node_modules/http-signature/http_signing.md', sampleOf('private-key')],
    ['usr/lib/x86_64-linux-gnu/libmbedx509.so.2.28.3', sampleOf('private-key')],
    ['app/.env', `AWS_ACCESS_KEY_ID=AKIA${'IOSFODNN7'}EXAMPLE`],
    ['etc/ssl/private/ssl-cert-snakeoil.key', sampleOf('private-key')],
    ['app/settings', `postgres${'://'}app:password@db/app`],
  ])('%s', (path, text) => {
    const found = find(text, path);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'info' });
    expect(found[0]?.downgradeReason).toBeTruthy();
  });

  test('a reference to a value is not reported', () => {
    for (const text of [
      '${PASSWORD}',
      '<token>',
      'changeme',
      'your-key-here',
      'xxxxxxxx',
      '{{ x }}',
    ]) {
      expect(isPlaceholder(text), text).toBe(true);
      expect(find(`API_${'TOKEN'}=${text}\n`, 'app/.env')).toEqual([]);
    }
    expect(isPlaceholder(alnum(20))).toBe(false);
  });
});

describe('evidence', () => {
  test('never contains the secret, for all rules', async () => {
    for (const [rule, text] of secretSamples) {
      const [finding] = await scan(text, 'app/settings');
      const match = String(finding?.evidence?.['match']);
      expect(match, rule).toMatch(/\[\d+ characters\]$/);
      // No random text is shown except the first four characters of a token.
      const longest = [...text.matchAll(/[A-Za-z0-9]{12,}/g)].map(([run]) => run);
      for (const run of longest.filter((each) => /\d/.test(each) && entropyBits(each) > 3)) {
        expect(JSON.stringify(finding), rule).not.toContain(run);
      }
    }
  });
});

describe('the scanner', () => {
  test('finds tokens in programs with the certain rules', async () => {
    const program = Buffer.concat([
      Buffer.alloc(999),
      Buffer.from(sampleOf('stripe-key')),
      Buffer.alloc(9),
    ]);
    expect(await scan(program, 'app/server', 'elf')).toMatchObject([
      { rule: 'stripe-key', offset: 999 },
    ]);
    const weak = Buffer.from(sampleOf('random-value'));
    expect(await scan(weak, 'app/server', 'elf')).toEqual([]);
  });

  test('reads texts with two bytes per character', async () => {
    const wide = Buffer.from(`\uFEFFx\n${sampleOf('stripe-key')}\n`, 'utf16le');
    expect(await scan(wide, 'app/x')).toMatchObject([{ rule: 'stripe-key', line: 2 }]);
    expect(await scan(wide.swap16(), 'app/x')).toMatchObject([{ rule: 'stripe-key', line: 2 }]);
  });

  test('too many secrets are partial, and not clean, with those that were found', async () => {
    const text = Array.from({ length: 300 }, (_, seed) => `gh${'p_'}${alnum(36, seed)}\n`).join('');
    const answer = await createSecretsScanner().scan(subjectOf(Buffer.from(text)));
    expect(answer).toMatchObject({ state: 'partial', reason: 'too_many' });
    expect(answer.findings.length).toBeGreaterThan(50);
  });
});

describe('any bytes', () => {
  const anchors = secretRules.flatMap((rule) => rule.anchors);

  test('finish, with findings inside the content', () => {
    const piece = fc.oneof(
      fc.constantFrom(...anchors, ...secretSamples.map(([, text]) => text)),
      fc.string({ unit: 'binary', maxLength: 30 }),
    );
    const path = fc.constantFrom(
      'x',
      'root/.netrc',
      'root/.bash_history',
      'app/.env',
      'a/config.json',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        path,
        fc.boolean(),
        (parts, path, isBinary) => {
          const bytes = Buffer.from(parts.join(''));
          for (const { offset, line, masked } of findSecrets(bytes, { path, isBinary }).secrets) {
            expect(offset).toBeLessThan(bytes.length);
            expect(line).toBeGreaterThan(0);
            expect(masked.length).toBeLessThan(90);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('are searched for all literals at any offset', () => {
    const search = prepareSearch(anchors);
    for (const [literal, anchor] of anchors.entries()) {
      for (let lead = 0; lead < 4; lead += 1) {
        // Small buffers share memory, so that some begin at odd addresses.
        const bytes = Buffer.from(`${'~'.repeat(lead)}${anchor}~`).subarray(lead % 2);
        const found: number[] = [];
        searchLiterals(search, bytes, (index, at) => {
          if (index === literal) found.push(at);
          return true;
        });
        expect(found, anchor).toEqual([lead - (lead % 2)]);
      }
    }
  });
});
