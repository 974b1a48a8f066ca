import { IconFilterOff, IconListSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from './empty-state.tsx';
import { LinkButton } from './router-link.tsx';

interface NoMatchProps {
  readonly title: string;
  /** Path of the unfiltered list. */
  readonly to:
    | '/jobs'
    | '/images'
    | '/inspections'
    | '/arrivals'
    | '/decisions'
    | '/policies'
    | '/exceptions'
    | '/quarantine';
  readonly children: ReactNode;
}

/** Empty result of a filter, with a reset button. */
export function NoMatch({ title, to, children }: NoMatchProps): ReactNode {
  const clear = (
    <LinkButton to={to} search={{}} variant="default" leftSection={<IconFilterOff size={16} />}>
      Clear filters
    </LinkButton>
  );
  return (
    <EmptyState icon={IconListSearch} title={title} action={clear}>
      {children}
    </EmptyState>
  );
}
