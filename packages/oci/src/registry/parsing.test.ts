/** Parsing of references, challenges, links, pauses, proxies and addresses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SourceError } from '../source-error.ts';
import { isPrivateAddress } from './http/address-policy.ts';
import { isSameDomain } from './auth/authorizer.ts';
import { parseChallenges } from './auth/challenge.ts';
import { refusal, Secrets } from './http/failure.ts';
import { nextLink } from './link-header.ts';
import { chooseProxy } from './http/proxy.ts';
import { formatReference, parseReference } from '../reference/reference.ts';
import { backoffMs, retryAfterMs } from './http/retry.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const anyText = fc.oneof(
  fc.string(),
  bytes.map((one) => Buffer.from(one).toString('latin1')),
);
const digest = `sha256:${'a'.repeat(64)}`;

describe('references', () => {
  // Normalized like in the reference package of Distribution.
  test.each([
    ['debian', 'docker.io/library/debian:latest'],
    ['debian:12', 'docker.io/library/debian:12'],
    ['team/app', 'docker.io/team/app:latest'],
    // In lower case it would be another image: lab/app of Docker Hub.
    ['Lab/app', 'Lab/app:latest'],
    ['Lab.Example/app', 'lab.example/app:latest'],
    ['docker.io/debian', 'docker.io/library/debian:latest'],
    ['index.docker.io/debian', 'docker.io/library/debian:latest'],
    ['registry-1.docker.io/library/debian', 'docker.io/library/debian:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['images.lab:5000/a/b/c:1.2', 'images.lab:5000/a/b/c:1.2'],
    ['Images.Lab/app', 'images.lab/app:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000/app:latest'],
    [`app@${digest}`, `docker.io/library/app@${digest}`],
    [`quay.lab/app:1@${digest}`, `quay.lab/app:1@${digest}`],
    ['a__b/c.d-e--f', 'docker.io/a__b/c.d-e--f:latest'],
    ['images.lab:5000', 'docker.io/library/images.lab:5000'],
  ])('%s is %s', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
    expect(formatReference(parseReference(full))).toBe(full);
  });

  test.each([
    ...['', 'UPPER', 'app:', 'app:a b', 'app@sha256:12', 'images.lab/', 'a//b', 'a/../b', '-a'],
    ...['a_-b', 'images.lab:99999/a', 'a:/b', 'https://images.lab/app'],
    ...['a\n', 'a..b/c', 'é/a'],
  ])('%s is invalid', (text) => {
    expect(() => parseReference(text)).toThrow(SourceError);
  });

  test('names, tags and references have a maximum length', () => {
    const long = [`images.lab/${'a/'.repeat(130)}a`, `a:${'t'.repeat(129)}`, 'x'.repeat(10_000)];
    for (const text of long) expect(() => parseReference(text)).toThrow(SourceError);
    // These hosts are not valid server addresses.
    for (const text of ['1.2.3.999/app', '[1:2]:80/app', 'kbb.000/app']) {
      expect(() => parseReference(text)).toThrow(SourceError);
    }
  });

  test('any text is a valid reference or a SourceError', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          const reference = parseReference(text);
          expect(parseReference(formatReference(reference))).toMatchObject(reference);
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
        }
      }),
    );
  });
});

describe('challenges', () => {
  const read = (...headers: string[]) =>
    parseChallenges(headers).map(({ scheme, parameters }) => [
      scheme,
      Object.fromEntries(parameters),
    ]);

  test.each([
    ['Basic', [['basic', {}]]],
    ['BASIC Realm="a, b=c"', [['basic', { realm: 'a, b=c' }]]],
    [
      'Bearer realm="https://a/t?x=1",service=reg,scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://a/t?x=1', service: 'reg', scope: 'repository:a/b:pull,push' }]],
    ],
    ['Bearer realm=https://a/t, service=s', [['bearer', { realm: 'https://a/t', service: 's' }]]],
    [
      'Negotiate abc==, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate, Bearer realm="x"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'x' }],
      ],
    ],
    [String.raw`Basic realm="a\"b\\"`, [['basic', { realm: String.raw`a"b\ `.trim() }]]],
    ['Basic realm = "a" , charset="UTF-8"', [['basic', { realm: 'a', charset: 'UTF-8' }]]],
    ['Basic realm="a", realm="b"', [['basic', { realm: 'a' }]]],
    // RFC 7235 section 4.1, whose example has this shape.
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['basic', { realm: 'simple' }],
      ],
    ],
    ['Basic realm="open', [['basic', {}]]],
    ['', []],
  ])('%s', (header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  test('several headers are combined', () => {
    expect(read('Basic realm="a"', 'Bearer realm="b"')).toHaveLength(2);
  });

  test('any text is parsed in linear time', () => {
    fc.assert(fc.property(anyText, (text) => void read(text)));
    expect(read('a='.repeat(8_000))).toEqual(expect.any(Array));
    expect(read('x'.repeat(1_000_000))).toEqual([]);
  });
});

describe('links', () => {
  test.each([
    ['</v2/a/tags/list?last=b&n=2>; rel="next"', '/v2/a/tags/list?last=b&n=2'],
    ['<a>; rel=prev, <b>; rel=next', 'b'],
    ['<a?x=1,2>; title="x, y"; rel="last next"', 'a?x=1,2'],
    ['<a>; rel="prev"', undefined],
    ['', undefined],
    ['<a', null],
    ['nonsense', null],
  ])('%s', (header, expected) => {
    expect(nextLink([header])).toBe(expected);
  });
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(retryAfterMs('120', now)).toBe(120_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
  expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  expect(retryAfterMs('soon', now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
  expect([0, 1, 2, 20].map((attempt) => backoffMs(attempt, () => 1))).toEqual([
    500, 1_000, 2_000, 30_000,
  ]);
});

describe('proxies', () => {
  const settings = { http: 'http://plain', https: 'http://secure' };
  test.each([
    ['https://images.lab', '', 'http://secure'],
    ['http://images.lab', '', 'http://plain'],
    ['https://localhost:5000', '', undefined],
    ['http://127.0.0.2', '', undefined],
    ['http://[::1]:5000', '', undefined],
    ['https://images.lab', '*', undefined],
    ['https://images.lab', 'other, lab', undefined],
    ['https://images.lab', '.lab', undefined],
    ['https://lab', '.lab', 'http://secure'],
    ['https://imageslab', 'lab', 'http://secure'],
    ['https://images.lab:5000', 'images.lab:5000', undefined],
    ['https://images.lab', 'images.lab:5000', 'http://secure'],
    ['https://images.lab', 'images.lab:443', undefined],
    ['https://10.1.2.3', '10.0.0.0/8', undefined],
    ['https://11.1.2.3', '10.0.0.0/8', 'http://secure'],
    ['https://10.1.2.3', '10.0.0.0/99', 'http://secure'],
    ['https://[fd00::1]', 'fd00::/8', undefined],
    ['https://10.1.2.3', '10.1.2.3', undefined],
  ])('%s with NO_PROXY=%s goes over %s', (url, none, expected) => {
    expect(chooseProxy(new URL(url), { ...settings, none })).toBe(expected);
  });
});

test('private and public addresses are distinguished', () => {
  const closed = [
    ...['127.0.0.1', '10.0.0.1', '172.16.5.4', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['0.0.0.0', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', 'nonsense', ''],
  ];
  expect(closed.filter((address) => !isPrivateAddress(address))).toEqual([]);
  const open = ['1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '2a00:1450::1'];
  expect(open.filter(isPrivateAddress)).toEqual([]);
});

test('token servers of the same domain are distinguished from others', () => {
  const same = [
    ['registry-1.docker.io', 'auth.docker.io'],
    ['registry.gitlab.com', 'gitlab.com'],
    ['ghcr.io', 'ghcr.io'],
    ['docker.elastic.co', 'docker-auth.elastic.co'],
  ] as const;
  const other = [
    ['ghcr.io', 'evil.io'],
    ['registry.co.uk', 'evil.co.uk'],
    ['docker.elastic.co', 'elastic.co.evil.example'],
    ['images.lab', 'imageslab'],
    ['10.0.0.1', '11.0.0.1'],
    ['registry-1.docker.io', 'evildocker.io'],
  ] as const;
  expect(same.filter(([one, two]) => !isSameDomain(one, two))).toEqual([]);
  expect(other.filter(([one, two]) => isSameDomain(one, two))).toEqual([]);
});

describe('failures', () => {
  const secrets = new Secrets();
  secrets.add('hunter2');
  const body = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const tell = (status: number, value: Buffer): SourceError =>
    refusal({ status, what: 'lab/app', body: value }, secrets);

  test.each([
    [404, 'not_found'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [429, 'rate_limited'],
    [500, 'unreachable'],
    [418, 'unsupported'],
  ])('%i is %s', (status, code) => {
    expect(tell(status, Buffer.alloc(0)).code).toBe(code);
  });

  test('the error text of a registry becomes one short line without secrets', () => {
    const errors = [{ code: 'DENIED', message: 'no\nfor hunter2\u001b[31m' }];
    expect(tell(403, body({ errors })).message).toBe(
      'lab/app: access denied: DENIED: no for *** [31m',
    );
    expect(tell(404, body({ errors: 5 })).message).toBe('lab/app does not exist');
    expect(tell(404, Buffer.from('<html>'.repeat(1_000))).message).toBe('lab/app does not exist');
    expect(tell(404, Buffer.from('x'.repeat(5_000))).message.length).toBeLessThan(400);
  });
});
