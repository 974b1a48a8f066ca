import { ActionIcon, Button, Select } from '@mantine/core';
import { type Grant, operations, type Role, roleNames, roles } from '@lazaret/protocol';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';

const allProjects = '*';

interface GrantsFieldProps {
  readonly grants: readonly Grant[];
  readonly onChange: (grants: Grant[]) => void;
}

/** Roles, each in one project or in all projects. */
export function GrantsField({ grants, onChange }: GrantsFieldProps): ReactNode {
  const projects = useOperation(operations.access.projectList, { query: { limit: 200 } });
  const choices = [
    { value: allProjects, label: 'all projects' },
    ...(projects.data?.items ?? []).map(({ name }) => ({ value: name, label: name })),
  ];
  const change = (index: number, part: Partial<Grant>): void =>
    onChange(grants.map((grant, at) => (at === index ? { ...grant, ...part } : grant)));
  return (
    <fieldset className="grants">
      <legend>Roles</legend>
      {grants.map((grant, index) => (
        <div key={index} className="row nowrap">
          <Select
            className="grow"
            aria-label={`Role ${index + 1}`}
            data={[...roleNames]}
            renderOption={({ option }) => (
              <div>
                {option.value}
                <div className="dim small">{roles[option.value as Role].summary}</div>
              </div>
            )}
            value={grant.role}
            allowDeselect={false}
            onChange={(role) => change(index, { role: (role ?? grant.role) as Role })}
          />
          <span className="dim">in</span>
          <Select
            className="grow"
            aria-label={`Project of role ${index + 1}`}
            data={choices}
            value={grant.project ?? allProjects}
            allowDeselect={false}
            onChange={(project) =>
              change(index, { project: project === allProjects ? null : project })
            }
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove role ${index + 1}`}
            onClick={() => onChange(grants.filter((_, at) => at !== index))}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...grants, { role: 'viewer', project: null }])}
        >
          Add role
        </Button>
      </div>
    </fieldset>
  );
}
