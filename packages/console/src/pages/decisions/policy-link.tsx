import type { ReactNode } from 'react';

import { LinkAnchor } from '../../components/router-link.tsx';
import { useProjectSearch } from '../images/image-columns.tsx';

interface PolicyLinkProps {
  readonly name: string;
  readonly version: number;
  readonly project: string;
}

/** The version of a policy that decided, with a link to its document. */
export function PolicyLink({ name, version, project }: PolicyLinkProps): ReactNode {
  const search = useProjectSearch(project);
  return (
    <>
      <LinkAnchor
        to="/policies/$name"
        params={{ name }}
        search={{ ...search, ...(version > 0 && { version: String(version) }) }}
        underline="always"
      >
        {name}
      </LinkAnchor>{' '}
      <span className="dim">{version === 0 ? 'built-in' : `version ${version}`}</span>
    </>
  );
}
