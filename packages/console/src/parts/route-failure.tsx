import { Button } from '@mantine/core';
import { IconAnchorOff } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { EmptyState } from './empty-state.tsx';
import { ProblemNotice } from './notice.tsx';
import { LinkButton } from './router-link.tsx';

/** A page that threw: the rest of the console stays usable. */
export function RouteFailure({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <div className="stack">
      <ProblemNotice error={error} retry={reset} />
      <div>
        <Button variant="default" onClick={() => location.reload()}>
          Reload the console
        </Button>
      </div>
    </div>
  );
}

export function RouteMissing(): ReactNode {
  return (
    <EmptyState
      icon={IconAnchorOff}
      title="No page lies at this address"
      action={<LinkButton to="/">To the overview</LinkButton>}
    >
      The address may be old, or a letter of it is wrong.
    </EmptyState>
  );
}
