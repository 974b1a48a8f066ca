/**
 * Checks the permissions of the caller of a running stream repeatedly: a stream may run for
 * days, while sessions and tokens end and grants are removed.
 */
import { type Operation, type Permission } from '@lazaret/protocol';

import { holds, type Principal } from '../principal.ts';
import type { CallContext } from './route.ts';

interface RecheckOptions {
  readonly operation: Operation;
  /** The current identity of the caller. Throws, or returns undefined, when it has ended. */
  readonly authenticate: () => Promise<Principal | undefined>;
  readonly everyMs: number;
}

/**
 * The context of a stream. Its principal is the one of the last check, and its signal also aborts
 * when the session or token has ended, or the permission of the operation was removed.
 */
export function recheckStream(
  context: CallContext,
  { operation, authenticate, everyMs }: RecheckOptions,
): { readonly context: CallContext; readonly stop: () => void } {
  const ended = new AbortController();
  let { principal } = context;
  const check = async (): Promise<void> => {
    const current = await authenticate();
    if (current === undefined || !mayCall(current, operation)) ended.abort();
    else principal = current;
  };
  const timer = setInterval(() => {
    // A client whose identity cannot be checked reconnects, and then gets the reason.
    void check().catch(() => ended.abort());
  }, everyMs);
  const signal = AbortSignal.any([context.signal, ended.signal]);
  return {
    context: {
      ...context,
      signal,
      get principal() {
        return principal;
      },
    },
    stop: () => clearInterval(timer),
  };
}

function mayCall(principal: Principal, { access }: Operation): boolean {
  if (access === 'public' || access === 'signed-in') return true;
  return holds(principal, access as Permission);
}
