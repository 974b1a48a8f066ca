/** The image list; a re-inspected image counts as new. */
import { type Image, operations } from '@lazaret/protocol';
import { useMemo } from 'react';

import { client } from '../../client.ts';
import { type StableList, useStableList } from '../../live/stable-list.ts';
import { type ImagesSearch, toImagesQuery } from './filters.ts';

const pageItems = 50;

export function useImageList(search: ImagesSearch): StableList<Image> {
  const filter = useMemo(() => toImagesQuery(search), [search]);
  const { list } = operations.images;
  return useStableList<Image>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    versionOf: ({ project, digest, inspectedAt }) => `${project} ${digest} ${inspectedAt}`,
    matchesEvent: ({ type }) => type === 'image.inspected',
  });
}
