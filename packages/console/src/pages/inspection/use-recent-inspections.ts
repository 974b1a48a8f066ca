/** The newest inspections: new ones and ends come with events, progress over a stream. */
import { type Inspection, operations, type Page } from '@lazaret/protocol';
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';

import { useOperation } from '../../data.ts';
import { useConnected, useEvents } from '../../live/events.ts';
import { useFollowedInspections } from '../../live/follow-inspections.ts';
import { activeStates } from '../inspections/filters.ts';
import { isEnded } from './use-inspection.ts';

const shown = 8;
/** While the event stream is down. */
const pollMs = 10_000;

export function useRecentInspections(activeOnly: boolean): UseQueryResult<Page<Inspection>> {
  const { list } = operations.inspections;
  const queries = useQueryClient();
  const connected = useConnected();
  const call = { query: { limit: shown, ...(activeOnly ? { state: [...activeStates] } : {}) } };
  const queryKey = [list.name, call];
  const query = useOperation(list, call, { refetchMs: connected ? false : pollMs });
  useEvents(({ type }) => {
    if (type.startsWith('inspection.')) void queries.invalidateQueries({ queryKey });
  });
  const active = (query.data?.items ?? []).filter((one) => !isEnded(one));
  useFollowedInspections(
    active.map(({ id }) => id),
    (changed) => {
      queries.setQueryData<Page<Inspection>>(queryKey, (page) =>
        page === undefined
          ? undefined
          : { ...page, items: page.items.map((one) => (one.id === changed.id ? changed : one)) },
      );
    },
  );
  return query;
}
