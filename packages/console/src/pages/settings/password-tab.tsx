import { Button, PasswordInput } from '@mantine/core';
import { limits, operations } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { useIdentity } from '../../session.ts';

export function PasswordTab(): ReactNode {
  const { name, kind } = useIdentity();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const change = useAction(operations.access.passwordChange, {
    quiet: true,
    says: 'Your password is changed',
    onDone: () => {
      setCurrent('');
      setPassword('');
      setAgain('');
    },
  });
  const differs = again !== '' && again !== password;
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (!differs) change.mutate({ params: { name }, body: { current, password } });
  };
  if (kind !== 'session') return <p className="dim">Sign in with a name to have a password.</p>;
  return (
    <Panel title={`Password of ${name}`}>
      <form className="stack narrow" onSubmit={send}>
        {change.error !== null && <ProblemNotice error={change.error} />}
        {/* For password managers: whose password this is. */}
        <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          required
          value={current}
          error={fieldMessage(change.error, 'current')}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description={`At least ${limits.passwordCharsMin} characters`}
          autoComplete="new-password"
          required
          minLength={limits.passwordCharsMin}
          value={password}
          error={fieldMessage(change.error, 'password')}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password again"
          autoComplete="new-password"
          required
          value={again}
          error={differs ? 'is not the same as above' : false}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        <div>
          <Button type="submit" loading={change.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Panel>
  );
}
