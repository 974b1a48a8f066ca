import { Button, Modal } from '@mantine/core';
import { operations, type User } from '@lazaret/protocol';
import { useDisclosure } from '@mantine/hooks';
import {
  IconCircleCheck,
  IconCircleOff,
  IconMailForward,
  IconPlus,
  IconUsers,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { UserActions } from './user-actions.tsx';
import { UserForm } from './user-form.tsx';

const columns: Column<User>[] = [
  {
    label: 'User',
    cell: ({ name, displayName }) => (
      <div>
        <strong className="break">{name}</strong>
        {displayName !== '' && displayName !== name && (
          <div className="dim small">
            <PlainText>{displayName}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Roles',
    cell: ({ grants }) =>
      grants.length === 0 ? (
        <span className="dim">none</span>
      ) : (
        <span className="row tight">
          {grants.map(({ role, project }) => (
            <span key={`${role} ${project ?? ''}`} className="tag role-tag">
              {role}
              {project === null ? ' (all projects)' : ` (${project})`}
            </span>
          ))}
        </span>
      ),
  },
  { label: 'State', cell: (user) => <UserState user={user} /> },
  { label: 'Last seen', cell: ({ lastSeenAt }) => <Timestamp at={lastSeenAt} /> },
  { label: 'Actions', quiet: true, end: true, cell: (user) => <UserActions user={user} /> },
];

export function UsersTab(): ReactNode {
  const query = useOperation(operations.access.userList, { query: { limit: 200 } });
  const [open, { open: show, close }] = useDisclosure(false);
  return (
    <>
      <Panel
        title="Users"
        flush
        actions={
          <Button leftSection={<IconPlus size={16} />} onClick={show}>
            Add user
          </Button>
        }
      >
        <QueryView query={query} rows={4}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={IconUsers} title="No users yet">
                Add the users of this instance.
              </EmptyState>
            ) : (
              <DataTable label="Users" columns={columns} rows={items} rowKey={({ name }) => name} />
            )
          }
        </QueryView>
      </Panel>
      <Modal opened={open} onClose={close} title="Add user" size="lg" closeOnClickOutside={false}>
        <UserForm onDone={close} />
      </Modal>
    </>
  );
}

function UserState({ user }: { readonly user: User }): ReactNode {
  if (user.disabled) {
    return (
      <span className="state tone-cancelled">
        <IconCircleOff size={14} aria-hidden /> Disabled
      </span>
    );
  }
  if (!user.hasPassword) {
    return (
      <span className="state tone-timed-out">
        <IconMailForward size={14} aria-hidden /> No password yet
      </span>
    );
  }
  return (
    <span className="state tone-succeeded">
      <IconCircleCheck size={14} aria-hidden /> Active
    </span>
  );
}
