/** The slice of the gate: what the API says about it. The role gate serves pulls. */
import { operations } from '@lazaret/protocol';

import type { SharedRates } from '@lazaret/analysis';

import { route } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import { withWholeReference, type ConnectionParts } from '../registries/index.ts';
import { checkImage } from './check-image.ts';
import type { GateSettings } from './gate-settings.ts';
import { ImageJudge } from './judge-images.ts';
import { gateLimits } from './limits.ts';
import { listGates } from './store.ts';
import { Upstreams } from './upstreams.ts';

export function gateSlice(
  context: SliceContext &
    ConnectionParts & { readonly sharedRates: SharedRates; readonly gate: GateSettings },
): Slice {
  const { database, clock, gate: settings } = context;
  const { gates } = operations;
  const parts = { ...context, now: clock.now, monotonicMs: clock.monotonicMs };
  const upstreams = new Upstreams(parts, settings);
  const judge = new ImageJudge(context);
  return {
    name: 'gate',
    routes: [
      route(gates.list, ({ query }, { principal }) =>
        listGates(database, projectsWith(principal, 'registries.read'), query),
      ),
      route(gates.check, async ({ query }, { principal, signal }) => {
        const scope = projectsWith(principal, 'registries.read');
        const given = { text: query.image, path: 'query.image' };
        const image = await withWholeReference(database, scope, given);
        return checkImage({ settings, upstreams, judge }, { image, scope, signal });
      }),
    ],
    health: {
      missing: async (): Promise<MissingPart[]> => {
        const { items } = await listGates(database, 'all', { limit: gateLimits.gatesListed });
        return items.flatMap(({ state, address, host, problem, seenAt }) => {
          if (state === 'serving') return [];
          const part = `gate ${address} on ${host}`;
          if (state === 'unavailable') {
            const advice = 'Check the database; `lazaret gate status` shows what was refused.';
            return [{ part, detail: problem ?? '', advice }];
          }
          const advice = 'Start the process again, or wait a day for it to be forgotten.';
          return [{ part, detail: `Has not reported since ${seenAt}.`, advice }];
        });
      },
    },
    stop: () => upstreams.close(),
  };
}
