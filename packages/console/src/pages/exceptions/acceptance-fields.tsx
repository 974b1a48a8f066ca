import { Select, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { fieldMessage } from '../../failure.ts';
import { useIdentity } from '../../session.ts';
import { ExpiryInput, laterDay } from './expiry-input.tsx';

/** Who accepts something, until when, and in which project. */
interface Acceptance {
  readonly owner: string;
  /** YYYY-MM-DD, or empty. */
  readonly expires: string;
  readonly project: string | null;
}

/** The fields of an acceptance, by the names that the API has for them. */
export const acceptanceNames: readonly string[] = ['owner', 'expires', 'project'];

export function useAcceptance(
  project: string | undefined,
): readonly [Acceptance, (changed: Acceptance) => void] {
  return useState<Acceptance>(() => ({
    ...{ owner: '', expires: laterDay(), project: project ?? null },
  }));
}

/** As the API takes it: without what was left to its defaults. */
export function requestOf({ owner, expires, project }: Acceptance): {
  readonly owner?: string;
  readonly project?: string;
  readonly expires: string;
} {
  const name = owner.trim();
  return { ...(name !== '' && { owner: name }), ...(project !== null && { project }), expires };
}

interface AcceptanceFieldsProps {
  readonly value: Acceptance;
  readonly onChange: (changed: Acceptance) => void;
  readonly error: Error | null;
  /** What the owner accepts. */
  readonly ownerHelp: string;
  readonly expiresLabel: string;
}

/** Owner, expiry, and the project if there are several. */
export function AcceptanceFields(props: AcceptanceFieldsProps): ReactNode {
  const { value, onChange, error, ownerHelp, expiresLabel } = props;
  const { projects, name: caller } = useIdentity();
  return (
    <div className="grid-2">
      <TextInput
        label="Owner"
        description={ownerHelp}
        placeholder={caller}
        value={value.owner}
        error={fieldMessage(error, 'owner')}
        onChange={(event) => onChange({ ...value, owner: event.currentTarget.value })}
      />
      <ExpiryInput
        label={expiresLabel}
        value={value.expires}
        error={fieldMessage(error, 'expires')}
        onChange={(expires) => onChange({ ...value, expires })}
      />
      {projects.length > 1 && (
        <Select
          label="Project"
          description="Exceptions apply to all policies of it"
          data={projects}
          value={value.project}
          error={fieldMessage(error, 'project')}
          onChange={(project) => onChange({ ...value, project })}
          placeholder={projects.includes('default') ? 'default' : (projects[0] ?? '')}
        />
      )}
    </div>
  );
}
