import { Menu, UnstyledButton } from '@mantine/core';
import { type Identity, roleNames } from '@lazaret/protocol';
import { IconKey, IconLogout, IconPassword } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { notifyFailure } from '../data.ts';
import { endSession, useIdentity } from '../session.ts';

export function UserMenu(): ReactNode {
  const identity = useIdentity();
  const navigate = useNavigate();
  const shown = identity.displayName === '' ? identity.name : identity.displayName;
  const signOut = async (): Promise<void> => {
    try {
      await endSession();
      await navigate({ to: '/sign-in' });
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Menu position="top-start" width={210}>
      <Menu.Target>
        <UnstyledButton className="sidebar-user">
          <span className="initials" aria-hidden>
            {shown.slice(0, 2).toUpperCase()}
          </span>
          <span className="grow break">
            <span className="visually-hidden">Account of </span>
            {shown}
            <small>{listRoles(identity)}</small>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconPassword size={16} />}
          onClick={() => void navigate({ to: '/settings/password' })}
        >
          Change password
        </Menu.Item>
        <Menu.Item
          leftSection={<IconKey size={16} />}
          onClick={() => void navigate({ to: '/settings/tokens' })}
        >
          API tokens
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function listRoles({ grants }: Identity): string {
  const granted = roleNames.filter((role) => grants.some((grant) => grant.role === role));
  return granted.length === 0 ? 'no role' : granted.join(', ');
}
