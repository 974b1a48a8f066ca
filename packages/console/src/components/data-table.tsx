import { Checkbox } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export interface Column<T> {
  /** Column header, and the label of the value on a narrow screen. */
  readonly label: string;
  readonly cell: (row: T) => ReactNode;
  readonly end?: boolean;
  /** The header is shown to screen readers only. */
  readonly quiet?: boolean;
  /** The sort key of the column. */
  readonly sort?: string;
}

export interface TableSort {
  readonly by: string;
  readonly order: 'asc' | 'desc';
  readonly onSort: (by: string) => void;
}

export interface TableSelection {
  readonly selected: ReadonlySet<string>;
  readonly onToggle: (key: string) => void;
  readonly onToggleAll: () => void;
  /** Name of a row, for screen readers. */
  readonly item: string;
}

interface DataTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  readonly sort?: TableSort;
  readonly selection?: TableSelection;
}

/** A table that becomes cards on narrow screens; the explicit roles keep it a table there. */
export function DataTable<T>(props: DataTableProps<T>): ReactNode {
  const { label, columns, rows, rowKey, sort, selection } = props;
  const selectedCount = rows.filter((row) => selection?.selected.has(rowKey(row))).length;
  return (
    <div className="table-frame">
      <table
        className={selection === undefined ? 'table cards' : 'table cards selectable'}
        role="table"
        aria-label={label}
      >
        <thead role="rowgroup">
          <tr role="row">
            {selection !== undefined && (
              <th scope="col" role="columnheader" className="select-cell">
                <Checkbox
                  size="xs"
                  aria-label="Select all rows"
                  checked={selectedCount > 0 && selectedCount === rows.length}
                  indeterminate={selectedCount > 0 && selectedCount < rows.length}
                  onChange={selection.onToggleAll}
                />
              </th>
            )}
            {columns.map((column) => (
              <Header key={column.label} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row" data-row={rowKey(row)}>
              {selection !== undefined && (
                <td role="cell" className="select-cell" data-label="">
                  <Checkbox
                    size="xs"
                    aria-label={`Select ${selection.item} ${rowKey(row)}`}
                    checked={selection.selected.has(rowKey(row))}
                    onChange={() => selection.onToggle(rowKey(row))}
                  />
                </td>
              )}
              {columns.map((column) => (
                <Cell key={column.label} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeaderProps<T> {
  readonly column: Column<T>;
  readonly sort: TableSort | undefined;
}

function Header<T>({ column, sort }: HeaderProps<T>): ReactNode {
  const by = column.sort;
  const isSorted = by !== undefined && sort?.by === by;
  return (
    <th
      scope="col"
      role="columnheader"
      className={column.end ? 'end' : ''}
      aria-sort={isSorted ? (sort.order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      {by === undefined || sort === undefined ? (
        <span className={column.quiet === true ? 'visually-hidden' : ''}>{column.label}</span>
      ) : (
        <button type="button" className="sort-button" onClick={() => sort.onSort(by)}>
          {column.label}
          {isSorted && <SortIcon order={sort.order} />}
        </button>
      )}
    </th>
  );
}

function SortIcon({ order }: Pick<TableSort, 'order'>): ReactNode {
  const Icon = order === 'asc' ? IconArrowUp : IconArrowDown;
  return <Icon size={13} aria-hidden />;
}

function Cell<T>({ column, row }: { readonly column: Column<T>; readonly row: T }): ReactNode {
  const content = column.cell(row);
  return (
    <td
      role="cell"
      data-label={column.quiet === true ? '' : column.label}
      data-empty={content === null ? true : undefined}
      className={column.end === true ? 'end' : ''}
    >
      {content}
    </td>
  );
}
