/** A request is authentic only with the secret, over exactly the bytes that are read. */
import { generateKeyPairSync, createHmac, sign, type KeyObject } from 'node:crypto';

import { expect, test } from 'vitest';

import {
  authenticate,
  hashText,
  signatureForms,
  type Authentication,
  type HookCredential,
  type HookRequest,
} from './authenticate.ts';
import { readKeySet } from './google-token.ts';
import { credentialOf, readRecordedRequests } from './testing/recorded-requests.ts';

const authentic = readRecordedRequests().filter(({ expected }) => expected.authentic);
const byName = authentic.map((one) => [one.name, one] as const);
const header = (value: string): HookCredential => {
  return { kind: 'header', header: 'Authorization', valueHash: hashText(value) };
};

function post(headers: Record<string, readonly string[]>, body = '{}'): HookRequest {
  return { path: '/hooks/abc', headers, body: Buffer.from(body) };
}

function refusal(answer: Authentication): string {
  return answer.authentic ? 'authentic' : answer.reason;
}

test.each(byName)('%s is refused without headers and without a path', (_, one) => {
  const { credential, nowMs } = credentialOf(one);
  const { body } = one.request;
  const bare = authenticate({ path: '/hooks/abc/', headers: {}, body }, credential, nowMs);
  expect(bare.authentic).toBe(false);
});

test.each(byName)('%s is refused if the values of its secret headers are empty', (_, one) => {
  const { credential, nowMs } = credentialOf(one);
  const headers = Object.fromEntries(Object.keys(one.request.headers).map((name) => [name, ['']]));
  const path = '/hooks/abc/';
  expect(authenticate({ ...one.request, path, headers }, credential, nowMs).authentic).toBe(false);
});

test.each(byName.filter(([, { auth }]) => auth.kind === 'hmac'))(
  '%s is refused if any byte of the signed body differs',
  (_, one) => {
    const { credential, nowMs } = credentialOf(one);
    for (let at = 0; at < one.request.body.length; at += 61) {
      const body = Buffer.from(one.request.body);
      body[at] = (body[at] ?? 0) ^ 0x02;
      const { authentic: accepted } = authenticate({ ...one.request, body }, credential, nowMs);
      expect(accepted, `byte ${at}`).toBe(false);
    }
  },
);

test.each(byName.filter(([, { auth }]) => auth.kind === 'hmac'))(
  '%s is refused if its signature comes twice',
  (_, one) => {
    const { credential, nowMs } = credentialOf(one);
    const name = (signatureForms[one.kind]?.header ?? '').toLowerCase();
    const value = one.request.headers[name]?.[0] ?? '';
    const headers = { ...one.request.headers, [name]: [value, value] };
    expect(authenticate({ ...one.request, headers }, credential, nowMs).authentic).toBe(false);
  },
);

test('a secret header may be one of several lines, as registries send lists', () => {
  const several = post({ authorization: ['Bearer other', 'Bearer right'] });
  expect(authenticate(several, header('Bearer right'), 0).authentic).toBe(true);
  expect(refusal(authenticate(several, header('Bearer wrong'), 0))).toContain('is wrong');
});

test('an empty secret authenticates nothing', () => {
  const empty = post({ authorization: [''], 'x-gitea-signature': [''] });
  expect(authenticate(empty, header(''), 0).authentic).toBe(false);
  const path: HookCredential = { kind: 'path', tokenHash: hashText('') };
  expect(authenticate({ ...empty, path: '/hooks/abc/' }, path, 0).authentic).toBe(false);
  const form = signatureForms.gitea;
  if (form === undefined) throw new Error('no signature');
  const signature = createHmac('sha256', '').update('{}').digest('hex');
  const signed = post({ 'x-gitea-signature': [signature] });
  const key: HookCredential = { kind: 'hmac', key: '', ...form };
  expect(refusal(authenticate(signed, key, 0))).toContain('no key');
});

test('a form whose payload comes twice is refused where the payload is signed', () => {
  const form = signatureForms.gitea;
  if (form === undefined) throw new Error('no signature');
  const payload = '{"a":1}';
  const signature = createHmac('sha256', 'key').update(payload).digest('hex');
  const type = 'application/x-www-form-urlencoded';
  const send = (body: string): Authentication =>
    authenticate(
      post({ 'content-type': [type], 'x-gitea-signature': [signature] }, body),
      { kind: 'hmac', key: 'key', ...form },
      0,
    );
  const once = send(`payload=${encodeURIComponent(payload)}`);
  expect(once).toEqual({ authentic: true, content: Buffer.from(payload) });
  expect(refusal(send(`payload=${encodeURIComponent(payload)}&payload=x`))).toContain(
    'exactly one',
  );
  expect(refusal(send('other=x'))).toContain('exactly one');
});

test('a form that is signed as a body has its only payload as content, or none', () => {
  const form = signatureForms.github;
  if (form === undefined) throw new Error('no signature');
  const send = (body: string): Authentication => {
    const signature = `sha256=${createHmac('sha256', 'key').update(body).digest('hex')}`;
    const type = 'application/x-www-form-urlencoded; charset=utf-8';
    const headers = { 'content-type': [type], 'x-hub-signature-256': [signature] };
    return authenticate(post(headers, body), { kind: 'hmac', key: 'key', ...form }, 0);
  };
  expect(send('payload=%7B%7D')).toEqual({ authentic: true, content: Buffer.from('{}') });
  expect(send('payload=1&payload=2')).toEqual({ authentic: true, content: Buffer.alloc(0) });
});

// Tokens ---------------------------------------------------------------------------------------

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const nowMs = 1_800_000_000_000;
const goodHeader = { alg: 'RS256', kid: 'one', typ: 'JWT' };
const goodClaims = {
  iss: 'https://accounts.google.com',
  aud: 'https://lazaret.example.test/hooks/abc',
  email: 'push@project.iam.example.test',
  email_verified: true,
  iat: nowMs / 1000 - 10,
  exp: nowMs / 1000 + 3_600,
};

function jwk(key: KeyObject, kid: string): Record<string, unknown> {
  return { ...key.export({ format: 'jwk' }), kid, alg: 'RS256' };
}

const credential: HookCredential = {
  kind: 'oidc',
  audience: goodClaims.aud,
  serviceAccount: goodClaims.email,
  keys: readKeySet({ keys: [jwk(pair.publicKey, 'one'), jwk(small.publicKey, 'small')] }),
};

function token(
  claims: object,
  head: object = goodHeader,
  key: KeyObject = pair.privateKey,
): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(head)}.${part(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}

function sendToken(value: string): string {
  return refusal(authenticate(post({ authorization: [`Bearer ${value}`] }), credential, nowMs));
}

test('a token of Google with the right claims is authentic', () => {
  expect(sendToken(token(goodClaims))).toBe('authentic');
  expect(sendToken(token({ ...goodClaims, iss: 'accounts.google.com' }))).toBe('authentic');
});

test.each([
  ['another issuer', { iss: 'https://accounts.google.example' }, 'issuer'],
  ['another audience', { aud: 'https://other.example.test/' }, 'audience'],
  ['a list of audiences', { aud: [goodClaims.aud] }, 'audience'],
  ['another service account', { email: 'other@project.iam.example.test' }, 'service account'],
  ['an unverified service account', { email_verified: false }, 'service account'],
  ['text instead of a verified account', { email_verified: 'true' }, 'service account'],
  ['an end in the past', { exp: nowMs / 1000 - 61 }, 'expired'],
  ['a start in the future', { iat: nowMs / 1000 + 61 }, 'future'],
  ['no times', { exp: undefined }, 'no time'],
])('a token with %s is refused', (_, change, reason) => {
  expect(sendToken(token({ ...goodClaims, ...change }))).toContain(reason);
});

test('a token that chooses its own algorithm is refused', () => {
  const [, claims = '', signature = ''] = token(goodClaims).split('.');
  const head = (alg: string): string =>
    Buffer.from(JSON.stringify({ ...goodHeader, alg })).toString('base64url');
  expect(sendToken(`${head('none')}.${claims}.${signature}`)).toContain('not RS256');
  // A signature with the public key as the secret of an HMAC.
  const secret = pair.publicKey.export({ type: 'spki', format: 'pem' });
  const signed = `${head('HS256')}.${claims}`;
  const forged = createHmac('sha256', secret).update(signed).digest('base64url');
  expect(sendToken(`${signed}.${forged}`)).toContain('not RS256');
});

test('a token of another key, of a short key or without a signature is refused', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  expect(sendToken(token(goodClaims, goodHeader, other.privateKey))).toContain('does not match');
  const short = token(goodClaims, { ...goodHeader, kid: 'small' }, small.privateKey);
  expect(sendToken(short)).toContain('unknown key');
  expect(sendToken(token(goodClaims, { ...goodHeader, kid: undefined }))).toContain('unknown key');
  const [head = '', claims = ''] = token(goodClaims).split('.');
  expect(sendToken(`${head}.${claims}.`)).toContain('expected a JSON Web Token');
});

test('the body of a token request is the content that is read', () => {
  const headers = { authorization: [`Bearer ${token(goodClaims)}`] };
  const answer = authenticate(post(headers, '{"message":{}}'), credential, nowMs);
  expect(answer).toEqual({ authentic: true, content: Buffer.from('{"message":{}}') });
});
