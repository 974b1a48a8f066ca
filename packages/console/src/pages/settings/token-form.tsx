import { Button, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { limits, operations, type Permission } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { Copy } from '../../components/copy.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { useIdentity } from '../../session.ts';

const daysDefault = 90;

/** Creates a token and shows its secret once. */
export function TokenForm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const identity = useIdentity();
  const [name, setName] = useState('');
  const [days, setDays] = useState(daysDefault);
  const [project, setProject] = useState<string | null>(null);
  const [permissions, setPermissions] = useState<string[]>([]);
  const create = useAction(operations.access.tokenCreate, {
    quiet: true,
    refreshes: [operations.access.tokenList],
  });
  if (create.data !== undefined) return <Secret secret={create.data.secret} onClose={onClose} />;

  const send = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({
      body: {
        name: name.trim(),
        days,
        ...(project === null ? {} : { project }),
        ...(permissions.length === 0 ? {} : { permissions: permissions as Permission[] }),
      },
    });
  };
  return (
    <form className="stack" onSubmit={send}>
      {create.error !== null && <ProblemNotice error={create.error} marked={['name']} />}
      <TextInput
        label="Name"
        description="Purpose of the token"
        placeholder="nightly scan"
        required
        data-autofocus
        value={name}
        error={fieldMessage(create.error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NumberInput
        label="Expires after (days)"
        min={1}
        max={limits.tokenDaysMax}
        allowDecimal={false}
        value={days}
        onChange={(value) => setDays(typeof value === 'number' ? value : daysDefault)}
      />
      <MultiSelect
        label="Permissions"
        description="Default: all your permissions"
        data={identity.permissions}
        value={permissions}
        onChange={setPermissions}
        searchable
        clearable
      />
      <Select
        label="Project"
        description="Default: all your projects"
        data={identity.projects}
        value={project}
        onChange={setProject}
        clearable
      />
      <Button type="submit" loading={create.isPending}>
        Create token
      </Button>
    </form>
  );
}

function Secret({
  secret,
  onClose,
}: {
  readonly secret: string;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <div className="stack">
      <Notice tone="moving" title="Copy the token now">
        <p>It is shown only once. The server stores only its hash.</p>
      </Notice>
      <div className="secret">
        <span className="grow" data-testid="secret">
          {secret}
        </span>
        <Copy value={secret} label="the token" />
      </div>
      <Button onClick={onClose}>Done</Button>
    </div>
  );
}
