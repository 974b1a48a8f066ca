/**
 * Receiving a notification: find the hook by its path, authenticate, store, answer. Nothing else
 * happens before the answer, and nothing of a request that is not authentic is kept. The answer is
 * never a redirect: senders follow those with the secret, to any host.
 */
import { Problem } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import type { CallContext } from '../floor/http/index.ts';
import { newId } from '../floor/ids.ts';
import { authenticate, hashBytes, type HookCredential, type HookRequest } from './authenticate.ts';
import { countQueued, insertDelivery } from './delivery-store.ts';
import { readCredential, type CredentialParts } from './hook-credential.ts';
import { hookLimits } from './limits.ts';
import { BodyBudget } from './read-body.ts';
import type { Refusals } from './refusals.ts';
import { findReceiver, type HookRow } from './store.ts';
import type { TestRequests } from './test-requests.ts';
import { TokenBuckets, type BucketOptions } from './token-buckets.ts';

export interface ReceiverParts extends CredentialParts {
  readonly database: Kysely<Database>;
  readonly refusals: Refusals;
  readonly tests: TestRequests;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** What a hook accepts at once and per second; that of the limits unless given. */
  readonly rate?: Pick<BucketOptions, 'capacity' | 'perSecond'> | undefined;
  /** Called for each request when its answer is known. */
  readonly onAnswer: (answer: {
    /** Empty for an address that no hook has. */
    readonly hook: string;
    /** `accepted`, or the code of the problem. */
    readonly outcome: string;
    readonly seconds: number;
  }) => void;
  /** Called after a delivery was stored. */
  readonly onDelivery: () => void;
}

/** The address of a request. */
export type Receiver = { readonly path: string } | 'check_image';

/** What a request consists of. */
export type ReceivedCall = Pick<CallContext, 'address' | 'upload' | 'distinctHeaders' | 'url'>;

/** Headers that say what the content is; those that authenticate are never stored. */
const storedHeaders = [
  ...['content-type', 'content-encoding', 'user-agent', 'ce-type', 'ce-id', 'ce-time'],
  ...['x-gitea-event', 'x-gitea-delivery', 'x-forgejo-event', 'x-forgejo-delivery'],
  ...['x-github-event', 'x-github-delivery', 'x-gitlab-event'],
  ...['x-nexus-webhook-id', 'x-nexus-webhook-delivery'],
] as const;

export class HookReceiver {
  readonly #parts: ReceiverParts;
  readonly #bodies = new BodyBudget();
  readonly #rates: TokenBuckets;
  readonly #queued = new Map<string, { readonly count: number; readonly atMs: number }>();

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#rates = new TokenBuckets({
      ...(parts.rate ?? {
        capacity: hookLimits.rateBurst,
        perSecond: hookLimits.ratePerSecond,
      }),
      keys: hookLimits.refusalKeys,
      monotonicMs: parts.monotonicMs,
    });
  }

  /** The id of the stored delivery. Throws what the sender is answered. */
  async receive(receiver: Receiver, call: ReceivedCall): Promise<string> {
    const { database, monotonicMs, onAnswer } = this.#parts;
    const startedMs = monotonicMs();
    const hook = await findReceiver(database, receiver);
    const answer = (outcome: string): void => {
      const seconds = (monotonicMs() - startedMs) / 1_000;
      onAnswer({ hook: hook?.name ?? '', outcome, seconds });
    };
    try {
      const path = receiver === 'check_image' ? receiver : receiver.path;
      const id = await this.#receive(hook, path, call);
      answer('accepted');
      return id;
    } catch (error) {
      answer(error instanceof Problem ? error.code : 'internal');
      throw error;
    }
  }

  async #receive(hook: HookRow | undefined, path: string, call: ReceivedCall): Promise<string> {
    const { database, refusals, tests } = this.#parts;
    const { address, distinctHeaders: headers } = call;
    if (refusals.isThrottled(hook?.path ?? '', address)) throw throttled();
    if (hook === undefined) throw this.#refuse(hook, `no hook has the path ${path}`, address);
    if (!this.#rates.take(hook.id)) throw tooFast(hook);
    const test = tests.find(hook.id, headers);
    const credential = test?.credential ?? (await this.#credential(hook, call));
    const early = { path: call.url, headers, body: Buffer.alloc(0) };
    // A signature needs the body; everything else is refused without reading it.
    if (credential.kind !== 'hmac') this.#check(hook, { request: early, credential, address });
    await this.#checkQueue(hook);
    const upload = await call.upload();
    const body = await this.#bodies.read(upload.stream, upload.declaredBytes);
    const content = this.#check(hook, { request: { ...early, body }, credential, address });
    const id = newId(this.#parts.nowMs());
    await insertDelivery(database, {
      ...{ id, hook: hook.id, test: test !== undefined, content },
      headers: pickHeaders(headers),
      contentHash: hashBytes(content),
    });
    this.#parts.onDelivery();
    return id;
  }

  /** Which file or variable is missing concerns the operator, not the sender. */
  async #credential(hook: HookRow, call: ReceivedCall): Promise<HookCredential> {
    try {
      return await readCredential(hook, this.#parts, call.distinctHeaders['authorization'] ?? []);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'hook_secret_unavailable') throw error;
      const { address } = call;
      this.#parts.refusals.count(hook, { reason: error.message, address });
      throw new Problem('hook_secret_unavailable', 'the secret of this hook cannot be read', {
        headers: { 'retry-after': '10' },
      });
    }
  }

  /** The bytes to read. Throws `hook_not_authentic`. */
  #check(
    hook: HookRow,
    asked: {
      readonly request: HookRequest;
      readonly credential: HookCredential;
      readonly address: string;
    },
  ): Buffer {
    const answer = authenticate(asked.request, asked.credential, this.#parts.nowMs());
    if (answer.authentic) return answer.content;
    throw this.#refuse(hook, answer.reason, asked.address);
  }

  /** Unknown paths and wrong secrets are answered alike; the reason is for the operator. */
  #refuse(hook: HookRow | undefined, reason: string, address: string): Problem {
    this.#parts.refusals.count(hook, { reason, address });
    return new Problem('hook_not_authentic', 'expected a known address and its secret');
  }

  async #checkQueue(hook: HookRow): Promise<void> {
    const { database, monotonicMs } = this.#parts;
    const nowMs = monotonicMs();
    let known = this.#queued.get(hook.id);
    if (known === undefined || nowMs - known.atMs >= hookLimits.queueCountMs) {
      known = { count: await countQueued(database, hook.id), atMs: nowMs };
      this.#queued.set(hook.id, known);
      if (this.#queued.size > hookLimits.refusalKeys) this.#queued.clear();
    }
    if (known.count < hookLimits.queuedPerHook) return;
    throw new Problem(
      'too_many_requests',
      `${hookLimits.queuedPerHook} notifications of this hook wait already`,
      { headers: { 'retry-after': '10' } },
    );
  }
}

function tooFast({ kind }: HookRow): Problem {
  return new Problem(
    'too_many_requests',
    `expected at most ${hookLimits.ratePerSecond} notifications a second of ${kind}`,
    { headers: { 'retry-after': '1' } },
  );
}

function throttled(): Problem {
  return new Problem('too_many_requests', 'too many requests that were not authentic', {
    headers: { 'retry-after': '1' },
  });
}

function pickHeaders(headers: ReceivedCall['distinctHeaders']): Record<string, string> {
  return Object.fromEntries(
    storedHeaders.flatMap((name) => {
      const [value] = headers[name] ?? [];
      if (value === undefined || headers[name]?.length !== 1) return [];
      return [[name, value.slice(0, hookLimits.headerChars).replaceAll('\0', '')]];
    }),
  );
}
