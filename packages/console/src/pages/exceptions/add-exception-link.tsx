import { IconShieldOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { LinkButton } from '../../components/router-link.tsx';
import { useAllowed } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import type { TargetFields } from './search.ts';

interface AddExceptionLinkProps {
  readonly target: TargetFields;
  readonly project: string | undefined;
  /** What it is about, for screen readers. */
  readonly about: string;
}

/** Leads to the form of a new exception with the target; nothing without the permission. */
export function AddExceptionLink({ target, project, about }: AddExceptionLinkProps): ReactNode {
  const search = useProjectSearch(project);
  if (!useAllowed('policies.manage')) return null;
  return (
    <LinkButton
      to="/exceptions"
      search={{ ...search, ...target, add: '1' }}
      variant="subtle"
      size="compact-xs"
      leftSection={<IconShieldOff size={14} />}
      aria-label={`Add exception for ${about}`}
    >
      Add exception
    </LinkButton>
  );
}
