/** The target of a hit: the page of the object, with the hit selected. */
import type { SearchHit } from '@lazaret/protocol';

import type { ImageSearch } from '../image/search.ts';
import { fileSearch } from '../image/use-image-page.ts';

export type HitTarget =
  | { readonly to: '/jobs/$id'; readonly params: { readonly id: string } }
  | { readonly to: '/files/$sha256'; readonly params: { readonly sha256: string } }
  | {
      readonly to: '/images/$digest';
      readonly params: { readonly digest: string };
      readonly search: ImageSearch;
    };

/** `project` is set if the URL needs it. */
export function hitTarget(hit: SearchHit, project: { project?: string }): HitTarget {
  if (hit.kind === 'job') return { to: '/jobs/$id', params: { id: hit.id } };
  if (hit.kind === 'artifact') return { to: '/files/$sha256', params: { sha256: hit.id } };
  return {
    to: '/images/$digest',
    params: { digest: hit.image ?? hit.id },
    search: imageSearch(hit, project),
  };
}

function imageSearch(hit: SearchHit, project: { project?: string }): ImageSearch {
  const { finding, path, layer, hiddenBy } = hit;
  if (finding !== null) {
    return {
      ...project,
      tab: 'findings',
      severity: finding.severity,
      class: finding.class,
      rule: finding.rule,
      ...(path === null ? {} : { path }),
    };
  }
  if (hit.package !== null) {
    const hidden = hiddenBy === null ? {} : { hidden: 'yes' };
    return { ...project, tab: 'packages', text: hit.package.name, ...hidden };
  }
  return path === null ? project : fileSearch({ path, layer, hiddenBy }, project);
}
