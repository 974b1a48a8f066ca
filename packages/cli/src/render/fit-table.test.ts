/** Every table fits a terminal of 80 columns, however long the values are. */
import { describe, expect, it } from 'vitest';

import { commandOperations } from '../command/derive-command.ts';
import { countColumns } from './cut-text.ts';
import { createStyle } from './style.ts';
import { formatTable, omittedColumns } from './table.ts';

const style = createStyle(false);
const lists = commandOperations().flatMap(({ cli }) =>
  cli.columns === undefined ? [] : [[cli.command, cli.columns] as const],
);

/** Columns whose values are short by definition and are never cut. */
const shortValues: Readonly<Record<string, string>> = {
  id: '0123456789abcdef',
  severity: 'critical',
};

/** An item with a long value in each column. */
function longItem(columns: readonly string[], value: (path: string) => unknown): unknown {
  const item: Record<string, unknown> = {};
  for (const path of columns) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let inner = item;
    for (const name of names) inner = (inner[name] ??= {}) as Record<string, unknown>;
    inner[last] = value(path);
  }
  return item;
}

const values: readonly (readonly [string, (path: string) => unknown])[] = [
  ['ASCII', (path) => shortValues[path] ?? `${path} ${'x'.repeat(200)}`],
  ['wide characters', (path) => shortValues[path] ?? '検疫所'.repeat(40)],
  ['escaped characters', (path) => shortValues[path] ?? '\u001B[31m'.repeat(40)],
  [
    'states',
    (path) => shortValues[path] ?? (/state|verdict/.test(path) ? 'unscanned' : 'y'.repeat(90)),
  ],
];

describe.each(lists)('the table of %s', (_, columns) => {
  it.each(values)('fits 80 columns with long values: %s', async (_name, value) => {
    const items = [longItem(columns, value), longItem(columns, value)];
    const options = { columns, now: 0, style, widthChars: 80 };
    const lines = formatTable(items, options).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(countColumns(line), line).toBeLessThanOrEqual(80);
  });

  it('shows all columns without a terminal and in a wide table', async () => {
    const items = [longItem(columns, () => 'z'.repeat(200))];
    const options = { columns, now: 0, style, widthChars: undefined };
    expect(omittedColumns(items, options)).toEqual([]);
    const [, row = ''] = formatTable(items, { ...options, wide: true }).split('\n');
    expect(row.match(/z{200}/g)).toHaveLength(columns.length);
  });
});

describe('cut columns', () => {
  const options = { now: 0, style, widthChars: 80 };

  it('never cut an ID or a state', async () => {
    const columns = ['id', 'name', 'state', 'verdict'];
    const item = {
      id: '0123456789abcdef',
      name: 'n'.repeat(200),
      state: 'timed_out',
      verdict: 'incomplete',
    };
    const table = formatTable([item], { ...options, columns });
    for (const whole of [item.id, item.state, item.verdict]) expect(table).toContain(whole);
  });

  it('keep the end of a path', async () => {
    const path = `usr/lib/${'deep/'.repeat(40)}file.so`;
    const table = formatTable([{ path, type: 'file' }], {
      ...options,
      columns: ['path', 'type'],
    });
    expect(table).toContain('…');
    expect(table).toContain('deep/file.so');
  });

  it('keep columns that were requested', async () => {
    const columns = Array.from({ length: 20 }, (_, index) => `column${index}`);
    const items = [Object.fromEntries(columns.map((name) => [name, 'v'.repeat(30)]))];
    expect(omittedColumns(items, { ...options, columns }).length).toBeGreaterThan(0);
    expect(omittedColumns(items, { ...options, columns, keepColumns: true })).toEqual([]);
  });
});

describe('colours', () => {
  it('are those of verdicts, severities and states', async () => {
    const table = formatTable(
      [{ id: 'a', verdict: 'malicious', severity: 'high', state: 'succeeded' }],
      {
        columns: ['id', 'verdict', 'severity', 'state'],
        now: 0,
        style: createStyle(true),
        widthChars: 80,
      },
    );
    expect(table).toContain('\u001B[31mmalicious\u001B[39m');
    expect(table).toContain('\u001B[31mhigh\u001B[39m');
    expect(table).toContain('\u001B[32msucceeded\u001B[39m');
  });
});
