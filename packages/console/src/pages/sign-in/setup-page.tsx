import { Button, PasswordInput, TextInput } from '@mantine/core';
import { limits, operations } from '@lazaret/protocol';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { startSession } from '../../session.ts';
import { SignInLayout } from './sign-in-layout.tsx';
import { readSetupLink } from './setup-link.ts';

/** Uses a one-time link to create the first administrator or to set a user's password. */
export function SetupPage(): ReactNode {
  const [link] = useState(() => readSetupLink(location.hash));
  useEffect(() => {
    document.title = 'Welcome · Lazaret';
    // The link is a secret: remove it from the address bar and the history.
    if (link !== undefined) history.replaceState(history.state, '', location.pathname);
  }, [link]);
  const setup = useOperation(operations.access.setupShow);
  return (
    <SignInLayout>
      {link === undefined ? (
        <div className="stack">
          <h2>Link missing</h2>
          <Notice tone="warning" title="The URL contains no one-time link">
            <p>Copy the complete URL that the server printed, including the part after #.</p>
          </Notice>
          <LinkButton to="/sign-in" variant="default">
            Sign in with a password
          </LinkButton>
        </div>
      ) : (
        <SetupForm link={link} isFirst={setup.data?.needed === true} />
      )}
    </SignInLayout>
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
        <h2>{isFirst ? 'Create the administrator' : 'Set your password'}</h2>
        <p className="dim">
          {isFirst
            ? 'This is a new installation. Choose the name and password of its administrator.'
            : 'Choose a password for your account.'}
        </p>
      </div>
      {complete.error !== null && (
        <ProblemNotice error={complete.error} marked={['name', 'password']} />
      )}
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
        {isFirst ? 'Create administrator and sign in' : 'Set password and sign in'}
      </Button>
    </form>
  );
}
