/** The slice of hooks: receiving is part of the role api, processing of the role watcher. */
import { Loop } from '../floor/loop.ts';
import type { Slice, SliceContext } from '../floor/slice.ts';
import { GoogleKeys } from './google-keys.ts';
import { hookLimits } from './limits.ts';
import { HookReceiver, type ReceiverParts } from './receive.ts';
import { Refusals } from './refusals.ts';
import { hookRoutes } from './routes.ts';
import type { SecretPlaces } from './secrets.ts';
import { deliveriesChanged } from './start-processing.ts';
import { TestRequests } from './test-requests.ts';

export interface HookSliceContext extends SliceContext {
  readonly secrets: SecretPlaces;
  /** Where clients reach the server. */
  readonly publicUrl: () => string;
  /** Where this process listens; undefined without the role api. */
  readonly localUrl: () => string | undefined;
  readonly fetch: typeof fetch;
  readonly rate?: ReceiverParts['rate'];
  readonly onAnswer: ReceiverParts['onAnswer'];
}

export function hooksSlice(context: HookSliceContext): Slice {
  const { log, clock } = context;
  const stopped = new AbortController();
  const { signal } = stopped;
  const { now: nowMs, monotonicMs } = clock;
  const refusals = new Refusals({ ...context, monotonicMs });
  const flushing = new Loop({
    ...{ name: 'hook refusals', periodMs: hookLimits.refusalFlushMs, log, signal },
  });
  const done = flushing.run(() => refusals.flush());
  const tests = new TestRequests();
  const onDelivery = (): void => context.notify(deliveriesChanged);
  const googleKeys = new GoogleKeys({ fetch: context.fetch, monotonicMs });
  const parts = { ...context, refusals, tests, googleKeys, nowMs, monotonicMs, onDelivery };
  return {
    name: 'hooks',
    routes: hookRoutes({ ...parts, receiver: new HookReceiver(parts) }),
    loops: () => [flushing],
    stop: async () => {
      stopped.abort();
      await done;
      await refusals.flush();
    },
  };
}
