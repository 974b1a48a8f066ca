/** Limits the open streams of one principal on one operation. */
import { Problem, type Operation } from '@lazaret/protocol';

import type { Principal } from '../principal.ts';
import { httpLimits } from './limits.ts';

export interface StreamCount {
  /**
   * Counts one stream; returns the function to call at its end. Refuses streams beyond the limit.
   */
  enter(principal: Principal, operation: Operation): () => void;
}

export function countStreams(): StreamCount {
  const open = new Map<string, number>();
  return {
    enter(principal, operation) {
      const key = `${operation.name} ${principal.kind} ${principal.name}`;
      const count = open.get(key) ?? 0;
      if (count >= httpLimits.streamsPerPrincipal) {
        throw new Problem(
          'too_many_requests',
          `expected at most ${httpLimits.streamsPerPrincipal} open streams; close one first`,
          { headers: { 'retry-after': '5' } },
        );
      }
      open.set(key, count + 1);
      return () => {
        const rest = (open.get(key) ?? 1) - 1;
        if (rest > 0) open.set(key, rest);
        else open.delete(key);
      };
    },
  };
}
