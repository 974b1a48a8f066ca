/**
 * Follows inspections over one stream while the page is visible: progress arrives without polling.
 * A disconnected stream is opened again, and then sends the state of each inspection.
 */
import { type Inspection, limits, operations } from '@lazaret/protocol';
import { useEffect, useRef } from 'react';

import { client } from '../client.ts';
import { isTransient } from '../failure.ts';
import { backOffMs, pause, untilHidden, untilVisible } from './back-off.ts';

/** Calls the handler for each state of these inspections until they have ended. */
export function useFollowedInspections(
  ids: readonly string[],
  onChange: (inspection: Inspection) => void,
): void {
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  const key = ids.slice(0, limits.pageItemsMax).join(',');
  useEffect(() => {
    if (key === '') return undefined;
    const abort = new AbortController();
    void follow(key, (inspection) => latest.current(inspection), abort.signal);
    return () => abort.abort();
  }, [key]);
}

async function follow(
  id: string,
  onChange: (inspection: Inspection) => void,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    const visible = untilHidden(signal);
    try {
      const options = { signal: visible.signal };
      const call = { query: { id } };
      for await (const { event, data } of client.stream(
        operations.inspections.follow,
        call,
        options,
      )) {
        failures = 0;
        if (event === 'end') return;
        onChange(data);
      }
    } catch (error) {
      // A permanent failure, such as a removed permission, is shown by the query of the page.
      if (!visible.signal.aborted && !isTransient(error)) return;
    } finally {
      visible.release();
    }
    if (visible.signal.aborted) continue;
    await pause(backOffMs(failures), signal);
    failures += 1;
  }
}
