import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { findBase64 } from './base64.ts';
import { openAll } from './testing/nested-samples.ts';
import { zipArchive } from './testing/zip-samples.ts';

const evil = Buffer.from(
  '#!/bin/sh\n# something evil, long enough to be decoded by readers, and more\n',
);
const encoded = evil.toString('base64');

function wrap(text: string, width: number, lineEnd = '\n'): string {
  return (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(lineEnd);
}

async function contents(text: string): Promise<string[]> {
  const opened = await openAll(Buffer.from(text, 'latin1'));
  expect(opened.gaps).toEqual([]);
  return [...opened.members.values()].map((bytes) => bytes.toString('latin1'));
}

describe('base64 is found', () => {
  const long = Buffer.concat([evil, evil, evil]);
  const longText = long.toString('base64');
  test.each([
    ['alone', longText],
    ['wrapped by base64', `${wrap(longText, 76)}\n`],
    ['wrapped by openssl, with other line ends', wrap(longText, 64, '\r\n')],
    ['in quotes of a script', `import base64\nexec(base64.b64decode("${longText}"))\n`],
    ['after a word on the first line', `DATA='${wrap(longText, 76)}'\n`],
    ['in a here document', `base64 -d > x <<END\n${wrap(longText, 76)}\nEND\n`],
    [
      'that starts in the middle of a line',
      `x = "${longText.slice(0, 40)}\n${wrap(longText.slice(40), 76)}"`,
    ],
    ['in an address', `<a href="data:text/plain;base64,${longText}">`],
    [
      'in a mail',
      `Content-Transfer-Encoding: base64\r\n\r\n${wrap(longText, 76, '\r\n')}\r\n--x--`,
    ],
    ['disguised as a certificate', pem('CERTIFICATE', longText)],
  ])('a run %s', async (_, text) => {
    expect(await contents(text)).toEqual([long.toString('latin1')]);
  });

  test('with archives and further encodings inside', async () => {
    const packed = gzipSync(zipArchive([{ path: 'evil', content: encoded }]), { level: 1 });
    const opened = await openAll(Buffer.from(packed.toString('base64')), { path: 'x.sh' });
    expect([...opened.members.keys()]).toEqual([
      'x.sh!/base64',
      'x.sh!/base64!/content',
      'x.sh!/base64!/content!/evil',
      'x.sh!/base64!/content!/evil!/base64',
    ]);
    expect([...opened.members.values()].at(-1)).toEqual(evil);
  });

  test('each of several runs, by its offset', async () => {
    const opened = await openAll(Buffer.from(`${encoded}\n\nand ${encoded};`), { path: 'x' });
    expect([...opened.members.keys()]).toEqual(['x!/base64', `x!/base64 at ${encoded.length + 6}`]);
  });

  test('any encoded content, however it is wrapped', () => {
    const width = fc.integer({ min: 32, max: 200 });
    const content = fc.uint8Array({ minLength: 100, maxLength: 4_000 });
    fc.assert(
      fc.property(content, width, fc.constantFrom('\n', '\r\n'), (bytes, columns, lineEnd) => {
        const text = Buffer.from(bytes).toString('base64');
        fc.pre(/[A-Z]/.test(text) && /[a-z]/.test(text) && !/^[\da-fA-F]+=*$/.test(text));
        const found = [...findBase64(Buffer.from(`{${wrap(text, columns, lineEnd)}}`))];
        expect(found.map((run) => run.decode().equals(bytes))).toEqual([true]);
      }),
    );
  });

  test('a run larger than the decoding buffer', () => {
    const bytes = randomBytes(2_500_000);
    const text = wrap(bytes.toString('base64'), 76, '\r\n');
    expect([...findBase64(Buffer.from(text))].map((run) => run.decode().equals(bytes))).toEqual([
      true,
    ]);
  });
});

describe('ignored:', () => {
  const sha512 = createHash('sha512').update('x');
  test.each([
    ['prose', 'All work and no play makes Jack a dull boy. '.repeat(100)],
    ['a lock file', `"integrity": "sha512-${sha512.copy().digest('base64')}",\n`.repeat(50)],
    ['a list of digests', `${sha512.copy().digest('hex')}\n`.repeat(50)],
    ['a list of words', 'Abel\nable\nAbner\nabnormal\nabode\n'.repeat(200)],
    ['a long number', '1234567890'.repeat(100)],
    ['one case', 'abcdefghijklmnop/'.repeat(100)],
    ['a certificate', pem('PUBLIC KEY', keyText())],
    ['a program', `\x7fELF\0\0${encoded}`],
  ])('%s', async (_, text) => {
    expect(await contents(text)).toEqual([]);
  });
});

describe('bounds', () => {
  const run = `${encoded}.`;

  test('many runs are limited by the number of members', async () => {
    const text = Buffer.from(run.repeat(1_000));
    const opened = await openAll(text, { limits: { entries: 50 } });
    expect(opened.gaps).toEqual(['file: too_many']);
    expect(opened.members.size).toBe(50);
  });

  test('a run above the file size limit is a gap, the next one is not', async () => {
    const text = Buffer.from(`${evil.toString('base64').repeat(100)}.${run}`);
    const opened = await openAll(text, { limits: { fileBytes: 1_000 } });
    expect(opened.gaps).toEqual(['file!/base64: too_large']);
    expect([...opened.members.values()]).toEqual([evil]);
  });

  test('repeated encoding is limited by the depth', async () => {
    let bytes = evil;
    for (let depth = 0; depth < 6; depth += 1) bytes = Buffer.from(bytes.toString('base64'));
    const opened = await openAll(bytes, { limits: { depth: 4 } });
    expect(opened.gaps).toEqual([expect.stringMatching(/(!\/base64){5}: too_deep$/)]);
  });

  test('the budget is shared with archives', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024)).toString('base64');
    const limits = { ratioFreeBytes: 1024 * 1024, ratio: 100 };
    const opened = await openAll(Buffer.from(bomb), { limits });
    expect(opened.gaps).toEqual([expect.stringMatching(/: ratio$/)]);
  });

  test('the time limit applies', async () => {
    let clock = 0;
    const now = (): number => (clock += 10);
    const opened = await openAll(Buffer.from(run.repeat(100)), { now, limits: { timeMs: 200 } });
    expect(opened.gaps).toEqual(['file: timed_out']);
  });

  test('arbitrary text yields runs that are in it, in order', () => {
    const piece = fc.constantFrom(
      ...[encoded.slice(0, 95), 'Aa1+/'.repeat(20), '\n', '\r\n', '=', '-----', ' ', 'x', '\r'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''));
        let from = 0;
        for (const { offset, sizeBytes, decode } of findBase64(bytes)) {
          expect(offset).toBeGreaterThanOrEqual(from);
          expect(decode().length).toBeLessThanOrEqual(sizeBytes);
          from = offset + sizeBytes;
        }
        expect(from).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

function pem(label: string, text: string): string {
  return `-----BEGIN ${label}-----\n${wrap(text, 64)}\n-----END ${label}-----\n`;
}

function keyText(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}
