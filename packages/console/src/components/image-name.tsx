import { escapeInvisible } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { shortenImageName } from '../text/image-name.ts';
import { PlainText } from './plain-text.tsx';

/** The name of an image; a long one without its middle, and with the whole name as a tooltip. */
export function ImageName({ children }: { readonly children: string }): ReactNode {
  const short = shortenImageName(children);
  return (
    <span className="image-name" title={short === children ? undefined : escapeInvisible(children)}>
      <PlainText>{short}</PlainText>
    </span>
  );
}
