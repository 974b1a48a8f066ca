import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type Identity, operations } from '@lazaret/protocol';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { startSession } from '../../session.ts';
import { SignInLayout } from './sign-in-layout.tsx';

export function SignInPage(): ReactNode {
  const { to } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const router = useRouter();
  const setup = useOperation(operations.access.setupShow);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  useEffect(() => {
    document.title = 'Sign in · Lazaret';
  }, []);

  const signIn = useAction(operations.access.sessionCreate, {
    quiet: true,
    onDone: (identity: Identity) => {
      startSession(identity);
      if (to === undefined || !to.startsWith('/') || to.startsWith('//'))
        void navigate({ to: '/' });
      else router.history.push(router.basepath.replace(/\/$/, '') + to);
    },
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate({ body: { name: name.trim(), password } });
  };
  return (
    <SignInLayout>
      <form className="stack" onSubmit={send}>
        <h2>Sign in</h2>
        {setup.data?.needed === true && (
          <Notice tone="moving" title="No administrator yet">
            <p>
              Open the one-time link that the server printed at startup, or create a new one on the
              server: <code>lazaret users link</code>.
            </p>
          </Notice>
        )}
        {signIn.error !== null && <ProblemNotice error={signIn.error} />}
        <TextInput
          label="Name"
          name="name"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          required
          withAsterisk={false}
          autoFocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          size="md"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" size="md" loading={signIn.isPending}>
          Sign in
        </Button>
        <p className="dim small">Forgot your password? Ask an administrator for a one-time link.</p>
      </form>
    </SignInLayout>
  );
}
