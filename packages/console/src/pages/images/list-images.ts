/**
 * The list of images as the page keeps it: pages stay as they were read, so nothing moves under
 * the reader. What was inspected since is counted only, until the reader asks for it.
 */
import { type Image, operations } from '@lazaret/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';

import { client } from '../../client.ts';
import { type PagedList, usePages } from '../../data.ts';
import { useEvents } from '../../live/events.ts';
import { type ImagesQuery, type ImagesSearch, toImagesQuery } from './filters.ts';

const pageItems = 50;
const pollMs = 10_000;
const settleMs = 400;

export interface ImageList extends PagedList<Image> {
  /** Images that got a report since the list was read; `pageItems` stands for that many or more. */
  readonly newer: number;
  readonly showNewer: () => void;
}

export function useImageList(search: ImagesSearch): ImageList {
  const queries = useQueryClient();
  const filter = useMemo(() => toImagesQuery(search), [search]);
  const queryKey = useMemo(() => ['images.list', 'pages', filter], [filter]);
  const list = usePages(queryKey, (cursor, signal) =>
    client.call(
      operations.images.list,
      { query: { ...filter, ...cursor, limit: pageItems } },
      { signal },
    ),
  );
  const newer = useNewer(filter, list.items);
  const isEmpty = list.query.data !== undefined && list.items.length === 0;
  const showNewer = (): void => void queries.resetQueries({ queryKey });
  useEffect(() => {
    // There is nothing that could move.
    if (isEmpty && newer > 0) void queries.resetQueries({ queryKey });
  }, [isEmpty, newer, queries, queryKey]);
  return { ...list, newer, showNewer };
}

/** Counts what the first page would show and this list does not. */
function useNewer(filter: ImagesQuery, shown: readonly Image[]): number {
  const queries = useQueryClient();
  const [arrivals, setArrivals] = useState(0);
  useEvents((event) => {
    if (event.type === 'image.inspected') setArrivals((count) => count + 1);
  });
  const { data } = useQuery({
    queryKey: ['images.list', 'newer', filter],
    refetchInterval: pollMs,
    queryFn: ({ signal }) =>
      client.call(operations.images.list, { query: { ...filter, limit: pageItems } }, { signal }),
  });
  useEffect(() => {
    if (arrivals === 0) return undefined;
    const timer = setTimeout(() => {
      void queries.invalidateQueries({ queryKey: ['images.list', 'newer'] });
    }, settleMs);
    return () => clearTimeout(timer);
  }, [arrivals, queries]);
  return useMemo(() => {
    const known = new Set(shown.map(stampOf));
    return (data?.items ?? []).filter((image) => !known.has(stampOf(image))).length;
  }, [data, shown]);
}

function stampOf({ project, digest, inspectedAt }: Image): string {
  return `${project} ${digest} ${inspectedAt}`;
}
