import { ActionIcon, Button, Menu, Modal } from '@mantine/core';
import { operations, type User } from '@lazaret/protocol';
import {
  IconCircleCheck,
  IconCircleOff,
  IconDots,
  IconEdit,
  IconLink,
  IconTrash,
} from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { useIdentity } from '../../session.ts';
import { OneTimeLink } from './one-time-link.tsx';
import { UserForm } from './user-form.tsx';

type Dialog = 'edit' | 'link' | 'remove';

export function UserActions({ user }: { readonly user: User }): ReactNode {
  const self = useIdentity().name === user.name;
  const [dialog, setDialog] = useState<Dialog>();
  const refreshes = [operations.access.userList];
  const update = useAction(operations.access.userUpdate, { refreshes });
  const remove = useAction(operations.access.userDelete, { refreshes });
  const params = { name: user.name };
  const close = (): void => setDialog(undefined);
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${user.name}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => setDialog('edit')}>
            Edit user
          </Menu.Item>
          <Menu.Item leftSection={<IconLink size={16} />} onClick={() => setDialog('link')}>
            One-time link
          </Menu.Item>
          <Menu.Item
            disabled={self}
            leftSection={
              user.disabled ? <IconCircleCheck size={16} /> : <IconCircleOff size={16} />
            }
            onClick={() => update.mutate({ params, body: { disabled: !user.disabled } })}
          >
            {user.disabled ? 'Enable' : 'Disable'}
          </Menu.Item>
          <Menu.Item
            disabled={self}
            leftSection={<IconTrash size={16} />}
            onClick={() => setDialog('remove')}
          >
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={dialog === 'edit'} onClose={close} title={`Roles of ${user.name}`} size="lg">
        <UserForm user={user} onDone={close} />
      </Modal>
      <Modal opened={dialog === 'link'} onClose={close} title={`One-time link for ${user.name}`}>
        <div className="stack">
          <p>The user sets a new password with this link and is signed in.</p>
          <OneTimeLink name={user.name} />
        </div>
      </Modal>
      <Modal opened={dialog === 'remove'} onClose={close} title={`Remove ${user.name}?`}>
        <div className="stack">
          <p>Sessions and tokens of the user are revoked immediately. Jobs are kept.</p>
          <Button
            color="red.8"
            autoContrast={false}
            onClick={() => {
              close();
              remove.mutate({ params });
            }}
          >
            Remove
          </Button>
        </div>
      </Modal>
    </>
  );
}
