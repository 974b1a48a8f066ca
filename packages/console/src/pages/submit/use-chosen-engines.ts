import { type EngineManifest, operations } from '@lazaret/protocol';
import { useQueries } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { client } from '../../client.ts';
import { useOperation } from '../../data.ts';

export interface ChosenEngines {
  /** Manifests, as soon as they are loaded. */
  readonly engines: readonly EngineManifest[];
  /** Why the manifest of an engine cannot be loaded, without which nothing can be submitted. */
  readonly failure: { readonly error: unknown; readonly retry: () => void } | undefined;
}

/** The chosen engines; a single enabled engine is chosen automatically. */
export function useChosenEngines(
  names: readonly string[],
  choose: (names: readonly string[]) => void,
): ChosenEngines {
  const list = useOperation(operations.engines.list, { query: { limit: 200 } });
  const usable = (list.data?.items ?? []).filter((engine) => engine.enabled);
  const only = usable.length === 1 ? usable[0]?.name : undefined;
  const isEmpty = names.length === 0;
  const hasChosen = useRef(!isEmpty);
  useEffect(() => {
    if (hasChosen.current || !isEmpty || only === undefined) return;
    // Once, so that the only engine can be deselected.
    hasChosen.current = true;
    choose([only]);
  }, [only, isEmpty, choose]);
  const queries = useQueries({
    queries: names.map((name) => ({
      queryKey: [operations.engines.show.name, { params: { name } }],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        client.call(operations.engines.show, { params: { name } }, { signal }),
    })),
  });
  const failed = queries.find(({ data, error }) => data === undefined && error !== null);
  return {
    engines: queries.flatMap(({ data }) => (data === undefined ? [] : [data.manifest])),
    failure: failed && { error: failed.error, retry: () => void failed.refetch() },
  };
}
