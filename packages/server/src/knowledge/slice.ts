/** The slice of knowledge: lookups over the API. */
import { operations } from '@lazaret/protocol';

import { route } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import type { Slice, SliceContext } from '../floor/slice.ts';
import { lookUp } from './look-up.ts';

export function knowledgeSlice({ database }: Pick<SliceContext, 'database'>): Slice {
  return {
    name: 'knowledge',
    routes: [
      route(operations.lookups.run, async ({ body }, { principal }) => ({
        items: await lookUp(database, {
          ...body,
          scopes: {
            images: projectsWith(principal, 'images.read'),
            jobs: projectsWith(principal, 'jobs.read'),
            registries: projectsWith(principal, 'registries.read'),
          },
        }),
      })),
    ],
  };
}
