import { formatSize } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { PlainText } from './plain-text.tsx';

interface ValueTableProps {
  readonly label: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Keys and values of a record as text; nested keys are joined with dots. */
export function ValueTable({ label, values }: ValueTableProps): ReactNode {
  const rows = flatten(values, '');
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table className="table values">
        <tbody>
          {rows.map(([name, text]) => (
            <tr key={name}>
              <th scope="row">{labelOf(name)}</th>
              <td className="mono small break">
                <PlainText>{text}</PlainText>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const depthMax = 3;

function flatten(
  values: Readonly<Record<string, unknown>>,
  prefix: string,
  depth = 1,
): [string, string][] {
  return Object.entries(values).flatMap(([key, value]): [string, string][] => {
    const name = prefix + key;
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && depth < depthMax) {
      const inner = flatten(value as Record<string, unknown>, `${name}.`, depth + 1);
      return inner.length === 0 ? [[name, 'none']] : inner;
    }
    return [[name, textOf(key, value)]];
  });
}

/** `memoryAndSwapBytes` becomes `memory and swap`; other names are unchanged. */
function labelOf(name: string): string {
  if (!/^[a-z][A-Za-z]*$/.test(name)) return name;
  return name.replace(/Bytes$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function textOf(key: string, value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.length === 0 ? 'none' : value.map(String).join(', ');
  }
  if (typeof value === 'number' && key.endsWith('Bytes'))
    return `${formatSize(value)} (${value} B)`;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
