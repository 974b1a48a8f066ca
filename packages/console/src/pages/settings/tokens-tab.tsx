import { Button, Modal } from '@mantine/core';
import { operations, type Token } from '@lazaret/protocol';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { TokenForm } from './token-form.tsx';

const columns: Column<Token>[] = [
  {
    label: 'Token',
    cell: ({ name, prefix }) => (
      <div>
        <strong className="break">
          <PlainText>{name}</PlainText>
        </strong>
        <div className="mono small dim">{prefix}…</div>
      </div>
    ),
  },
  { label: 'Owner', cell: ({ owner }) => owner },
  {
    label: 'Scope',
    cell: ({ permissions, project }) => (
      <span className="small">
        {permissions === null ? 'all permissions of the owner' : permissions.join(', ')}
        {project !== null && <> in {project}</>}
      </span>
    ),
  },
  { label: 'Last used', cell: ({ lastUsedAt }) => <Timestamp at={lastUsedAt} /> },
  { label: 'Expires', cell: ({ expiresAt }) => <Timestamp at={expiresAt} /> },
  { label: 'Actions', quiet: true, end: true, cell: (token) => <Revoke token={token} /> },
];

/** API tokens of the caller. */
export function TokensTab(): ReactNode {
  const query = useOperation(operations.access.tokenList, { query: { limit: 200 } });
  const [open, { open: show, close }] = useDisclosure(false);
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={show}>
      Create token
    </Button>
  );
  return (
    <>
      <Panel title="API tokens" flush actions={add}>
        <QueryView query={query} rows={4}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={IconKey} title="No tokens yet">
                Tokens authenticate curl, scripts and the CLI. Create one for each use, so that each
                can be revoked separately.
              </EmptyState>
            ) : (
              <DataTable
                label="API tokens"
                columns={columns}
                rows={items}
                rowKey={({ id }) => id}
              />
            )
          }
        </QueryView>
      </Panel>
      <Modal opened={open} onClose={close} title="Create token" closeOnClickOutside={false}>
        <TokenForm onClose={close} />
      </Modal>
    </>
  );
}

function Revoke({ token }: { readonly token: Token }): ReactNode {
  const revoke = useAction(operations.access.tokenRevoke, {
    refreshes: [operations.access.tokenList],
  });
  if (token.revokedAt !== null) {
    return (
      <span className="dim small nowrap">
        revoked <Timestamp at={token.revokedAt} />
      </span>
    );
  }
  return (
    <ConfirmButton
      label="Revoke"
      question={`Revoke ${token.name}?`}
      button={{ size: 'compact-sm' }}
      busy={revoke.isPending}
      onConfirm={() => revoke.mutate({ params: { id: token.id } })}
    >
      Clients that use it are rejected immediately. This cannot be undone.
    </ConfirmButton>
  );
}
