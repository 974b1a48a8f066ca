import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** How a state is shown: never by colour alone. */
export interface Look {
  readonly word: string;
  readonly tone: string;
  readonly icon: Icon;
}

interface LookBadgeProps {
  readonly look: Look;
  readonly large?: boolean | undefined;
  /** The state by its name, where others than people look for it. */
  readonly state?: string;
}

/** A state as colour, icon and word. */
export function LookBadge({ look, large, state }: LookBadgeProps): ReactNode {
  const { word, tone, icon: LookIcon } = look;
  return (
    <span className={`state tone-${tone}${large === true ? ' large' : ''}`} data-state={state}>
      <LookIcon size={large === true ? 18 : 14} stroke={2.2} aria-hidden />
      {word}
    </span>
  );
}
