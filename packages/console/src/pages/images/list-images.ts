/** The list of images; one that was inspected anew counts as newer, too. */
import { type Image, operations } from '@lazaret/protocol';
import { useMemo } from 'react';

import { client } from '../../client.ts';
import { type StillList, useStillList } from '../../live/newcomers.ts';
import { type ImagesSearch, toImagesQuery } from './filters.ts';

const pageItems = 50;

export function useImageList(search: ImagesSearch): StillList<Image> {
  const filter = useMemo(() => toImagesQuery(search), [search]);
  const { list } = operations.images;
  return useStillList<Image>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    stampOf: ({ project, digest, inspectedAt }) => `${project} ${digest} ${inspectedAt}`,
    tells: ({ type }) => type === 'image.inspected',
  });
}
