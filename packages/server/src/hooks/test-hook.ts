/**
 * Test delivery: an authentic request of the kind of the hook, over HTTP to this process, and its
 * result. Everything is real except that the event records no arrival.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { Problem, type Delivery, type HookTest } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { newSecret } from '../floor/ids.ts';
import { readDelivery } from './delivery-store.ts';
import { hookLimits } from './limits.ts';
import { makeSample, type SampleRequest } from './sample-requests.ts';
import { readSecret, type SecretPlaces } from './secrets.ts';
import { findHook, hookUrl, sourceOf, type HookRow } from './store.ts';
import { testHeader, type TestRequests } from './test-requests.ts';

export interface TestParts {
  readonly database: Kysely<Database>;
  readonly secrets: SecretPlaces;
  readonly tests: TestRequests;
  /** Where this process listens; undefined without the role api. */
  readonly localUrl: () => string | undefined;
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

type Step = HookTest['steps'][number];

export async function testHook(
  name: string,
  parts: TestParts,
  signal: AbortSignal,
): Promise<HookTest> {
  const hook = await findHook(parts.database, name);
  const { secret, step } = await findSecret(hook, parts.secrets);
  const about = { secret, id: newSecret('test'), nowMs: parts.nowMs() };
  const sample = makeSample(hook, about);
  const pending = { hook: hook.id, credential: sample.credential };
  const startedMs = parts.monotonicMs();
  const sent = await parts.tests.during(pending, (value) =>
    send(hook, { ...sample, headers: { ...sample.headers, [testHeader]: value } }, parts),
  );
  const answerMs = Math.round((parts.monotonicMs() - startedMs) * 10) / 10;
  const isAccepted = sent.status === 202;
  const steps: Step[] = [step, { name: 'authentication', ok: isAccepted, detail: sent.detail }];
  const delivery = isAccepted ? await waitForDelivery(sent.delivery, parts, signal) : undefined;
  if (delivery !== undefined) steps.push(...describeDelivery(delivery));
  return {
    ok: steps.every(({ ok }) => ok),
    ...{ status: sent.status, answerMs, steps },
    delivery: delivery?.id ?? null,
  };
}

/** The secret of the hook where the server can read it. */
async function findSecret(
  hook: HookRow,
  places: SecretPlaces,
): Promise<{ readonly secret: string | undefined; readonly step: Step }> {
  const { secret_reference: reference, secret_key: key } = hook;
  const name = 'secret';
  if (reference !== null) {
    const secret = await readSecret(reference, places, sourceOf(hook));
    return { secret, step: { name, ok: true, detail: `${reference} can be read` } };
  }
  if (key !== null) return { secret: key, step: { name, ok: true, detail: 'generated key' } };
  const detail =
    hook.authentication === 'oidc'
      ? 'the test signs its token with a key of its own; the keys of Google are not tested'
      : 'stored as a hash; the test uses a secret of its own that is valid once';
  return { secret: undefined, step: { name, ok: true, detail } };
}

interface Sent {
  readonly status: number;
  readonly detail: string;
  readonly delivery: string;
}

async function send(hook: HookRow, sample: SampleRequest, parts: TestParts): Promise<Sent> {
  const base = parts.localUrl();
  if (base === undefined) throw new Problem('unavailable', 'this process does not listen');
  const response = await parts.fetch(`${hookUrl(base, hook.path)}${sample.suffix}`, {
    method: 'POST',
    redirect: 'manual',
    headers: sample.headers,
    body: sample.body,
    signal: AbortSignal.timeout(hookLimits.testMs),
  });
  const answer = (await response.json()) as { readonly delivery?: string; detail?: string };
  const { status } = response;
  const detail = status === 202 ? 'accepted' : `status ${status}: ${answer.detail ?? ''}`;
  return { status, detail, delivery: answer.delivery ?? '' };
}

/** The delivery when it was processed, or as it is when that takes too long. */
async function waitForDelivery(
  id: string,
  { database, monotonicMs }: TestParts,
  signal: AbortSignal,
): Promise<Delivery> {
  const endMs = monotonicMs() + hookLimits.testMs;
  for (;;) {
    const delivery = await readDelivery(database, id);
    if (delivery.state !== 'queued' || signal.aborted || monotonicMs() > endMs) return delivery;
    await pause(hookLimits.testPollMs);
  }
}

function describeDelivery({ state, reason, events }: Delivery): Step[] {
  const isDone = state === 'processed';
  const waits = 'stored, but not processed yet; does a process run the role watcher?';
  const processed: Step = {
    name: 'processing',
    ok: isDone,
    detail: isDone ? 'processed' : (reason ?? waits),
  };
  const [event] = events;
  if (!isDone || event === undefined) return [processed];
  const { action, repository, tag, digest } = event;
  const detail = `read as ${action} of ${repository}:${tag ?? ''}${digest === null ? '' : `@${digest}`}`;
  return [processed, { name: 'event', ok: action === 'push' && tag === 'test', detail }];
}
