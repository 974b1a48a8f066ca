import type { ReactNode } from 'react';

export interface Column<T> {
  /** Column header, and the label of the value on a narrow screen. */
  readonly label: string;
  readonly cell: (row: T) => ReactNode;
  readonly end?: boolean;
  /** The header is shown to screen readers only. */
  readonly quiet?: boolean;
}

interface DataTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
}

/** A table that becomes cards on narrow screens; the explicit roles keep it a table there. */
export function DataTable<T>({ label, columns, rows, rowKey }: DataTableProps<T>): ReactNode {
  return (
    <div className="table-frame">
      <table className="table cards" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.label}
                scope="col"
                role="columnheader"
                className={column.end ? 'end' : ''}
              >
                {column.quiet === true ? (
                  <span className="visually-hidden">{column.label}</span>
                ) : (
                  column.label
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row" data-row={rowKey(row)}>
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
