import { Switch } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Column, DataTable } from './data-table.tsx';
import { EmptyState } from './empty-state.tsx';
import { Panel } from './panel.tsx';
import { QueryView } from './query-view.tsx';

interface DeliveriesPanelProps<T extends { readonly id: string }> {
  readonly query: {
    readonly data: { readonly items: readonly T[] } | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  readonly columns: readonly Column<T>[];
  /** Whether only dead letters are listed. */
  readonly isDead: boolean;
  readonly onDead: (isDead: boolean) => void;
  /** For an empty list. */
  readonly icon: Icon;
  readonly noDead: string;
  readonly none: string;
}

/** Deliveries with a switch for dead letters only. */
export function DeliveriesPanel<T extends { readonly id: string }>(
  props: DeliveriesPanelProps<T>,
): ReactNode {
  const { query, columns, isDead, onDead, icon } = props;
  return (
    <Panel
      title="Deliveries"
      flush
      actions={
        <Switch
          label="Dead letters only"
          checked={isDead}
          onChange={(event) => onDead(event.currentTarget.checked)}
        />
      }
    >
      <QueryView query={query} rows={5}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={icon} title={isDead ? 'No dead letters' : 'No deliveries yet'}>
              {isDead ? props.noDead : props.none}
            </EmptyState>
          ) : (
            <DataTable label="Deliveries" columns={columns} rows={items} rowKey={({ id }) => id} />
          )
        }
      </QueryView>
    </Panel>
  );
}
