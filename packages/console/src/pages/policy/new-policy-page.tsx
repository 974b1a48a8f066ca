import { Select } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { serverUrl } from '../../base-urls.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { useIdentity } from '../../session.ts';
import { examplePolicy } from './example-policy.ts';
import { PolicyEditor } from './policy-editor.tsx';

/** A new policy, from an example. */
export function NewPolicyPage(): ReactNode {
  const { project } = useSearch({ from: '/shell/policies/_new' });
  const navigate = useNavigate();
  const { projects } = useIdentity();
  const chosen = project ?? (projects.includes('default') ? 'default' : projects[0]);
  return (
    <>
      <PageHeader
        title="Add policy"
        eyebrow={<LinkAnchor to="/policies">Policies</LinkAnchor>}
        actions={
          projects.length > 1 && (
            <Select
              aria-label="Project"
              data={projects}
              value={chosen ?? null}
              allowDeselect={false}
              onChange={(next) =>
                void navigate({
                  to: '/policies/_new',
                  search: next === null ? {} : { project: next },
                  replace: true,
                })
              }
            />
          )
        }
      >
        The name is in the document. See{' '}
        <a href={`${serverUrl}/docs/policies`} target="_blank" rel="noreferrer">
          fields
        </a>{' '}
        and{' '}
        <a href={`${serverUrl}/docs/policy-variables`} target="_blank" rel="noreferrer">
          variables and functions of conditions
        </a>
        .
      </PageHeader>
      <PolicyEditor title="Document" document={examplePolicy} project={chosen} isEditable isDraft />
    </>
  );
}
