import { Button, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { limits, operations, type Permission } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { Copy } from '../../parts/copy.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { useIdentity } from '../../session.ts';

const daysDefault = 90;

/** Makes a token and shows its secret, once. */
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
      {create.error !== null && <ProblemNotice error={create.error} />}
      <TextInput
        label="Name"
        description="What it is for"
        placeholder="nightly scan"
        required
        data-autofocus
        value={name}
        error={fieldMessage(create.error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NumberInput
        label="Days until it expires"
        min={1}
        max={limits.tokenDaysMax}
        allowDecimal={false}
        value={days}
        onChange={(value) => setDays(typeof value === 'number' ? value : daysDefault)}
      />
      <MultiSelect
        label="Only these permissions"
        description="Empty: all that you have"
        data={identity.permissions}
        value={permissions}
        onChange={setPermissions}
        searchable
        clearable
      />
      <Select
        label="Only this project"
        description="Empty: all that you see"
        data={identity.projects}
        value={project}
        onChange={setProject}
        clearable
      />
      <Button type="submit" loading={create.isPending}>
        Make the token
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
      <Notice tone="moving" title="This is shown once">
        <p>Copy it now. Only its hash is kept here.</p>
      </Notice>
      <div className="secret">
        <span className="grow" data-testid="secret">
          {secret}
        </span>
        <Copy value={secret} label="the token" />
      </div>
      <Button onClick={onClose}>I have copied it</Button>
    </div>
  );
}
