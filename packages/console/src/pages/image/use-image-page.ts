import { useNavigate, useParams, useSearch } from '@tanstack/react-router';

import type { ImageSearch } from './search.ts';

type Change = { readonly [K in keyof ImageSearch]?: string | undefined };

export interface ImagePageState {
  readonly digest: string;
  readonly search: ImageSearch;
  /** Project parameter for API calls, if the URL has one. */
  readonly inProject: { project?: string };
  /** Changes the filters of the current tab. */
  readonly change: (part: Change) => void;
}

/** State of the image page, from the URL. */
export function useImagePage(): ImagePageState {
  const { digest } = useParams({ from: '/shell/images/$digest' });
  const search = useSearch({ from: '/shell/images/$digest' });
  const navigate = useNavigate();
  const inProject = search.project === undefined ? {} : { project: search.project };
  return {
    digest,
    search,
    inProject,
    change: (part) => {
      const remaining = Object.entries({ ...search, ...part }).filter(([, value]) => value);
      void navigate({
        to: '/images/$digest',
        params: { digest },
        search: Object.fromEntries(remaining),
        replace: true,
        resetScroll: false,
      });
    },
  };
}

/** URL parameters of a link to a file of the same image. */
export function fileSearch(
  location: {
    readonly path: string;
    readonly layer?: number | null;
    readonly hiddenBy?: number | null;
  },
  inProject: { project?: string } = {},
): ImageSearch {
  const { path, layer, hiddenBy } = location;
  const isHidden = typeof hiddenBy === 'number' && typeof layer === 'number';
  return {
    ...inProject,
    tab: 'files',
    path,
    ...(isHidden ? { view: 'layer', layer: String(layer) } : {}),
  };
}
