import { Button, PasswordInput } from '@mantine/core';
import { limits, operations } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { useIdentity } from '../../session.ts';

export function PasswordTab(): ReactNode {
  const { name, kind } = useIdentity();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const change = useAction(operations.access.passwordChange, {
    quiet: true,
    successMessage: 'Password changed',
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
  if (kind !== 'session')
    return (
      <p className="dim">You are signed in with a token. Sign in with a password to change it.</p>
    );
  return (
    <Panel title={`Password of ${name}`}>
      <form className="stack narrow" onSubmit={send}>
        {change.error !== null && (
          <ProblemNotice error={change.error} marked={['current', 'password']} />
        )}
        {/* User name for password managers. */}
        <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
        <PasswordInput
          label="Current password"
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
          label="Repeat new password"
          autoComplete="new-password"
          required
          value={again}
          error={differs ? 'passwords do not match' : false}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        <div>
          <Button type="submit" loading={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Panel>
  );
}
