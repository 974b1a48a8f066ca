/** Keys are fetched rarely, and old ones are better than none. */
import { generateKeyPairSync } from 'node:crypto';

import { expect, test } from 'vitest';

import { GoogleKeys } from './google-keys.ts';
import { hookLimits } from './limits.ts';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

interface Script {
  readonly keys: GoogleKeys;
  readonly requests: string[];
  nowMs: number;
  answer: () => Response;
}

function keySet(...ids: readonly string[]): Response {
  const keys = ids.map((kid) => ({ ...publicKey.export({ format: 'jwk' }), kid }));
  return Response.json({ keys }, { headers: { 'cache-control': 'public, max-age=3600' } });
}

function start(): Script {
  const script: Script = {
    requests: [],
    nowMs: 0,
    answer: () => keySet('one'),
    keys: new GoogleKeys({
      monotonicMs: () => script.nowMs,
      fetch: async (url, options) => {
        script.requests.push(`${options?.redirect ?? ''} ${String(url)}`);
        return script.answer();
      },
    }),
  };
  return script;
}

const idsOf = async (script: Script, kid: string): Promise<string[]> =>
  (await script.keys.find(kid)).map(({ keyId }) => keyId);

test('keys are fetched once for many tokens, from the one address, without redirects', async () => {
  const script = start();
  const all = await Promise.all([1, 2, 3, 4].map(() => idsOf(script, 'one')));
  expect(all).toEqual([['one'], ['one'], ['one'], ['one']]);
  expect(script.requests).toEqual(['error https://www.googleapis.com/oauth2/v3/certs']);
});

test('an unknown key causes at most one request a minute', async () => {
  const script = start();
  await idsOf(script, 'one');
  for (let count = 0; count < 20; count += 1)
    expect(await idsOf(script, 'forged')).toEqual(['one']);
  expect(script.requests).toHaveLength(1);
  script.nowMs += hookLimits.keySetRetryMs;
  script.answer = () => keySet('one', 'two');
  expect(await idsOf(script, 'two')).toEqual(['one', 'two']);
  expect(script.requests).toHaveLength(2);
});

test('keys are fetched again when the time of the answer has passed', async () => {
  const script = start();
  await idsOf(script, 'one');
  script.nowMs = 3_600_000;
  script.answer = () => keySet('one', 'new');
  expect(await idsOf(script, 'one')).toEqual(['one', 'new']);
});

test.each([
  ['an error', () => new Response('no', { status: 500 })],
  ['no keys', () => Response.json({ keys: [] })],
  ['no JSON', () => new Response('<html>')],
  ['more than the limit', () => new Response('x'.repeat(hookLimits.keySetBytes + 1))],
])('an answer with %s leaves the keys that are cached', async (_, answer) => {
  const script = start();
  await idsOf(script, 'one');
  script.nowMs = 3_600_000;
  script.answer = answer;
  expect(await idsOf(script, 'one')).toEqual(['one']);
  const empty = start();
  empty.answer = answer;
  await expect(empty.keys.find('one')).rejects.toMatchObject({ code: 'unavailable' });
});
