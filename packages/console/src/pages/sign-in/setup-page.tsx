import { Button, PasswordInput, TextInput } from '@mantine/core';
import { limits, operations } from '@lazaret/protocol';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { LinkButton } from '../../parts/router-link.tsx';
import { startSession } from '../../session.ts';
import { Quay } from './quay.tsx';
import { readSetupLink } from './setup-link.ts';

/** A one-time link makes the first administrator, or lets an invited user set a password. */
export function SetupPage(): ReactNode {
  const [link] = useState(() => readSetupLink(location.hash));
  useEffect(() => {
    document.title = 'Welcome · Lazaret';
    // The link is a secret: off the address bar and out of the history.
    if (link !== undefined) history.replaceState(history.state, '', location.pathname);
  }, [link]);
  const setup = useOperation(operations.access.setupShow);
  return (
    <Quay>
      {link === undefined ? (
        <div className="stack">
          <h2>No link here</h2>
          <Notice tone="warning" title="The address lacks its one-time link">
            <p>Copy the whole address that the server printed, with everything after the #.</p>
          </Notice>
          <LinkButton to="/sign-in" variant="default">
            Sign in with a password
          </LinkButton>
        </div>
      ) : (
        <SetupForm link={link} isFirst={setup.data?.needed === true} />
      )}
    </Quay>
  );
}

function SetupForm({
  link,
  isFirst,
}: {
  readonly link: string;
  readonly isFirst: boolean;
}): ReactNode {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const complete = useAction(operations.access.setupComplete, {
    quiet: true,
    onDone: (identity) => {
      startSession(identity);
      void navigate({ to: '/' });
    },
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    complete.mutate({ body: { link, password, ...(isFirst ? { name: name.trim() } : {}) } });
  };
  return (
    <form className="stack" onSubmit={send}>
      <div>
        <h2>{isFirst ? 'Make the administrator' : 'Set your password'}</h2>
        <p className="dim">
          {isFirst
            ? 'This station is new. The name and password that you choose now administer it.'
            : 'You were invited. Choose a password and you are in.'}
        </p>
      </div>
      {complete.error !== null && <ProblemNotice error={complete.error} />}
      {isFirst && (
        <TextInput
          label="Name"
          name="name"
          description="Lower-case letters, digits, dots and dashes"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          required
          withAsterisk={false}
          autoFocus
          value={name}
          error={fieldMessage(complete.error, 'name')}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      <PasswordInput
        label="Password"
        name="password"
        description={`At least ${limits.passwordCharsMin} characters`}
        autoComplete="new-password"
        size="md"
        required
        withAsterisk={false}
        minLength={limits.passwordCharsMin}
        value={password}
        error={fieldMessage(complete.error, 'password')}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" size="md" loading={complete.isPending}>
        {isFirst ? 'Make administrator and sign in' : 'Set password and sign in'}
      </Button>
    </form>
  );
}
