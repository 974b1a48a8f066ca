import type { ReactNode } from 'react';

import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { fileSearch, useImageAddress } from './use-image-search.ts';

interface PlacedProps {
  readonly layer?: number | null | undefined;
  readonly hiddenBy?: number | null | undefined;
}

/** Which layer something is in, and whether a later one hides it. */
export function LayerMark({ layer, hiddenBy }: PlacedProps): ReactNode {
  if (typeof layer !== 'number') return null;
  return (
    <span className="layer-mark">
      <span className="nowrap number">layer {layer}</span>
      {typeof hiddenBy === 'number' && (
        <span className="hidden-mark nowrap">hidden by layer {hiddenBy}</span>
      )}
    </span>
  );
}

interface FileLinkProps extends PlacedProps {
  readonly path: string;
}

/** A path that leads to the file in the tree. */
export function FileLink({ path, layer, hiddenBy }: FileLinkProps): ReactNode {
  const { digest, inProject } = useImageAddress();
  const place = { path, layer: layer ?? null, hiddenBy: hiddenBy ?? null };
  return (
    <LinkAnchor
      to="/images/$digest"
      params={{ digest }}
      search={fileSearch(place, inProject)}
      resetScroll={false}
      className="mono small break file-link"
    >
      <PlainText>{path}</PlainText>
    </LinkAnchor>
  );
}
