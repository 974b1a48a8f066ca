import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { fileSearch, useImagePage } from './use-image-page.ts';

interface LocationProps {
  readonly layer?: number | null | undefined;
  readonly hiddenBy?: number | null | undefined;
}

/** The layer of an item, and whether a later layer hides it. */
export function LayerTag({ layer, hiddenBy }: LocationProps): ReactNode {
  if (typeof layer !== 'number') return null;
  return (
    <span className="layer-tag">
      <span className="nowrap number">layer {layer}</span>
      {typeof hiddenBy === 'number' && (
        <span className="hidden-tag nowrap">hidden by layer {hiddenBy}</span>
      )}
    </span>
  );
}

interface FileLinkProps extends LocationProps {
  readonly path: string;
}

/** A path that links to the file in the tree. */
export function FileLink({ path, layer, hiddenBy }: FileLinkProps): ReactNode {
  const { digest, inProject } = useImagePage();
  const target = { path, layer: layer ?? null, hiddenBy: hiddenBy ?? null };
  return (
    <LinkAnchor
      to="/images/$digest"
      params={{ digest }}
      search={fileSearch(target, inProject)}
      resetScroll={false}
      className="mono small break file-link"
    >
      <PlainText>{path}</PlainText>
    </LinkAnchor>
  );
}
