import { Button } from '@mantine/core';
import { IconAnchorOff } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { EmptyState } from './empty-state.tsx';
import { RenderFailure } from './part-boundary.tsx';
import { LinkButton } from './router-link.tsx';

/** Shown when a page throws; the rest of the console remains usable. */
export function RouteError({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <div className="stack">
      <RenderFailure error={error} title="This page cannot be shown" retry={reset} />
      <div>
        <Button variant="default" onClick={() => location.reload()}>
          Reload
        </Button>
      </div>
    </div>
  );
}

export function RouteNotFound(): ReactNode {
  return (
    <EmptyState
      icon={IconAnchorOff}
      title="Page not found"
      action={<LinkButton to="/">Go to overview</LinkButton>}
    >
      Check the URL. The page may have been moved or removed.
    </EmptyState>
  );
}
