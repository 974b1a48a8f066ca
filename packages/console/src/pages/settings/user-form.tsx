import { Button, TextInput } from '@mantine/core';
import { type Grant, operations, type User } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import { GrantsField } from './grants-field.tsx';
import { OneTimeLink } from './one-time-link.tsx';

interface UserFormProps {
  readonly onDone: () => void;
  /** The user to edit; without it a user is added. */
  readonly user?: User;
}

/** Adds a user and creates a one-time link, or edits a user. */
export function UserForm({ onDone, user }: UserFormProps): ReactNode {
  const [name, setName] = useState(user?.name ?? '');
  const [displayName, setDisplayName] = useState(user?.displayName ?? '');
  const [grants, setGrants] = useState<Grant[]>(
    user?.grants ?? [{ role: 'submitter', project: null }],
  );
  const refreshes = [operations.access.userList];
  const create = useAction(operations.access.userCreate, { quiet: true, refreshes });
  const update = useAction(operations.access.userUpdate, { quiet: true, refreshes, onDone });
  const error = create.error ?? update.error;
  if (create.data !== undefined) {
    return (
      <div className="stack">
        <p>User {create.data.name} added. A one-time link lets them set a password and sign in.</p>
        <OneTimeLink name={create.data.name} />
        <Button variant="default" onClick={onDone}>
          Done
        </Button>
      </div>
    );
  }
  const shown = displayName.trim() === '' ? {} : { displayName: displayName.trim() };
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (user === undefined) create.mutate({ body: { name: name.trim(), ...shown, grants } });
    else update.mutate({ params: { name: user.name }, body: { ...shown, grants } });
  };
  return (
    <form className="stack" onSubmit={send}>
      {error !== null && <ProblemNotice error={error} marked={['name', 'displayName']} />}
      <TextInput
        label="Name"
        description="Lower-case letters, digits, dots and dashes"
        required
        disabled={user !== undefined}
        data-autofocus={user === undefined ? true : undefined}
        autoCapitalize="none"
        spellCheck={false}
        value={name}
        error={fieldMessage(error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Display name"
        value={displayName}
        error={fieldMessage(error, 'displayName')}
        onChange={(event) => setDisplayName(event.currentTarget.value)}
      />
      <GrantsField grants={grants} onChange={setGrants} />
      <Button type="submit" loading={create.isPending || update.isPending}>
        {user === undefined ? 'Add user' : 'Save'}
      </Button>
    </form>
  );
}
