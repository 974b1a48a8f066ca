import { stripVTControlCharacters } from 'node:util';

import { describe, expect, it } from 'vitest';

import { sampleJob } from '../testing/sample-job.ts';
import { alignRows } from './aligned-rows.ts';
import { formatAge, formatCell, labelOf, valueAt } from './cell.ts';
import { formatJobPage, formatOutcome } from './job-page.ts';
import { formatPage } from './page.ts';
import { formatProgress } from './progress.ts';
import { createStyle } from './style.ts';
import { formatTable } from './table.ts';

const now = Date.parse('2026-01-01T00:02:00Z');
const short = { now, short: true };
const style = createStyle(false);

describe('cells', () => {
  it('shows values by the unit in their name', () => {
    expect(formatCell('sizeBytes', 1_536, short)).toBe('1.5 KiB');
    expect(formatCell('timeLimitMs', 90_000, short)).toBe('1m 30s');
    expect(formatCell('createdAt', '2026-01-01T00:00:00Z', short)).toBe('2m ago');
    expect(formatCell('at', '2026-01-01T00:02:00Z', short)).toBe('just now');
    expect(formatCell('expires', '2026-01-03T00:02:00.000Z', short)).toBe('in 2d');
    expect(formatCell('expires', 'never', short)).toBe('never');
    expect(formatCell('format', '2026-01-01T00:02:00Z', short)).toBe('2026-01-01T00:02:00Z');
    expect(formatCell('mode', 0o4755, short)).toBe('4755');
    expect(formatCell('mode', 0o44, short)).toBe('0044');
    expect(formatCell('disabled', false, short)).toBe('no');
    expect(formatCell('node', null, short)).toBe('-');
    expect(formatCell('digest', `sha256:${'ab'.repeat(32)}`, short)).toBe('abababababab');
  });

  it('shows roles, inputs and records', () => {
    const grants = [
      { role: 'operator', project: null },
      { role: 'viewer', project: 'lab' },
    ];
    expect(formatCell('grants', grants, short)).toBe('operator, viewer@lab');
    expect(formatCell('inputs', [{ name: 'a' }, { name: 'b' }], short)).toBe('a +1');
    expect(formatCell('labels', { zone: 'x', ssd: 'yes' }, short)).toBe('zone=x, ssd=yes');
  });

  it.each([
    [1_000, 'just now'],
    [59_000, '59s ago'],
    [61_000, '1m ago'],
    [3_600_000, '1h ago'],
    [3 * 86_400_000, '3d ago'],
    [800 * 86_400_000, '2y ago'],
    [-3 * 86_400_000, 'in 3d'],
  ])('formats %i ms as %s', (ms, text) => {
    expect(formatAge(now - ms, now)).toBe(text);
  });

  it('names columns without units', () => {
    expect(labelOf('createdAt')).toBe('Created');
    expect(labelOf('outcome.code')).toBe('Outcome');
    expect(labelOf('runningAttempts')).toBe('Running attempts');
    expect(labelOf('memoryBytes')).toBe('Memory');
  });

  it('does not read inherited properties of an item', () => {
    expect(valueAt({}, 'constructor.name')).toBe(undefined);
  });
});

describe('tables', () => {
  const options = { columns: ['id', 'name'], now, style, widthChars: 40 };

  it('aligns columns and cuts the widest, never the ID', async () => {
    const items = [{ id: '0123456789abcdef', name: 'x'.repeat(80) }];
    const lines = formatTable(items, options).split('\n');
    expect(lines[0]).toMatch(/^ID {16}NAME$/);
    expect(lines[1]).toMatch(/^0123456789abcdef {2}x+…$/);
    expect(lines[1]?.length).toBe(40);
  });

  it('cuts nothing in a pipe', async () => {
    const items = [{ id: '1', name: 'x'.repeat(300) }];
    expect(formatTable(items, { ...options, widthChars: undefined })).toContain('x'.repeat(300));
  });

  it('does not pad other rows to one long cell, and never ends a line with white space', () => {
    const items = [
      { id: 'a'.repeat(5_000), name: 'x', tags: [] },
      { id: 'b', name: 'w  ', tags: ['y'] },
      { id: 'cc', name: 'z', tags: [] },
    ];
    for (const color of [false, true]) {
      const table = formatTable(items, {
        ...{ columns: ['id', 'tags', 'name'], now },
        ...{ style: createStyle(color), widthChars: undefined },
      });
      const [, long = '', ...others] = table.trimEnd().split('\n');
      expect(long).toBe(`${'a'.repeat(5_000)}  -     x`);
      expect(others).toEqual(['b   y     w', 'cc  -     z']);
      expect(table).not.toMatch(/[ \t](\u001B\[\d+m)*$/m);
    }
  });

  it('aligns wide characters and colours by the columns that they take', () => {
    const items = [
      { name: '検疫', state: 'succeeded', path: 'p' },
      { name: 'abcd', state: 'failed', path: 'q' },
    ];
    const table = formatTable(items, {
      ...{ columns: ['name', 'state', 'path'], now },
      ...{ style: createStyle(true), widthChars: undefined },
    });
    const lines = stripVTControlCharacters(table).split('\n');
    expect(lines.slice(1, 3)).toEqual(['検疫  succeeded  p', 'abcd  failed     q']);
  });

  it('cuts long cells in the middle of a terminal with an ellipsis, and none in a pipe', () => {
    const items = [{ id: '1', name: 'x'.repeat(300), kind: 'file' }];
    const columns = ['id', 'name', 'kind'];
    const shown = formatTable(items, { ...options, columns }).split('\n')[1];
    expect(shown).toMatch(/^1 {3}x+… {2}file$/);
    expect(shown).toHaveLength(40);
    const piped = formatTable(items, { ...options, columns, widthChars: undefined });
    expect(piped.split('\n')[1]).toBe(`1   ${'x'.repeat(300)}  file`);
  });

  it('keeps a row on one line for any name', async () => {
    const table = formatTable([{ id: 'a\nb', name: '\u001B[2J' }], options);
    expect(table.trimEnd().split('\n')).toHaveLength(2);
    expect(table).not.toContain('\u001B');
  });
});

describe('pages', () => {
  const options = { now, style, widthChars: 100 };

  it('lists fields, nested records and lists of records', async () => {
    const page = formatPage(
      { name: 'local', cpus: 2, facts: { version: '29' }, revisions: [{ revision: 1, by: 'x' }] },
      options,
    );
    expect(page).toContain('Cpus:      2');
    expect(page).toContain('Facts:\n  Version: 29');
    expect(page).toMatch(/Revisions:\n {2}REVISION {2}BY\n {2}1 {9}x/);
  });

  it('shows a job with its phases, artifacts and next step', async () => {
    const job = sampleJob({
      artifacts: [
        { path: 'out.json', sha256: 'a'.repeat(64), sizeBytes: 3, attempt: 1, primary: true },
      ],
    });
    const page = formatJobPage(job, options);
    expect(page).toContain('run 3s');
    expect(page).toContain('peak memory 10 MiB');
    expect(page).toMatch(/out\.json +3 B +a{12} +result/);
    expect(page).toContain('lazaret result 0123456789abcdef');
  });

  it('shows why a job failed, with the observations', async () => {
    const base = sampleJob();
    const outcome = { code: 'out_of_memory', detail: 'used \u001B[2J512 MiB' } as const;
    const page = formatJobPage(
      sampleJob({
        state: 'failed',
        outcome,
        attemptList: base.attemptList.map((attempt) => ({
          ...attempt,
          state: 'failed',
          outcome,
          observations: [{ code: 'log_truncated', detail: 'after 1 MiB' }],
        })),
      }),
      options,
    );
    expect(page).toContain(formatOutcome(outcome));
    expect(page).toContain('log_truncated: after 1 MiB');
    expect(page).not.toContain('\u001B');
  });
});

describe('progress', () => {
  it('shows part, amount, rate and time left', () => {
    const line = formatProgress({
      doneBytes: 25 * 2 ** 20,
      totalBytes: 100 * 2 ** 20,
      elapsedMs: 5_000,
    });
    expect(line).toBe('[######------------------]  25%  25 MiB of 100 MiB  5 MiB/s  15s left');
  });

  it('shows amount and rate when the total is unknown', () => {
    expect(formatProgress({ doneBytes: 1_024, totalBytes: undefined, elapsedMs: 0 })).toBe(
      '1 KiB  0 B/s',
    );
  });
});

describe('aligned rows', () => {
  it('are not padded to one long cell, and never end with white space', () => {
    const rows = [
      [{ text: 'p'.repeat(3_000) }, { text: 'one' }],
      [{ text: 'q' }, { text: 'two ' }],
    ];
    const lines = alignRows(rows, { style, widthChars: undefined }).split('\n');
    expect(lines).toEqual([`${'p'.repeat(3_000)}  one`, 'q  two', '']);
  });

  it.each([20, 40, 80, 120, 300, 500])('never exceed a terminal of %i columns', (widthChars) => {
    const long = (chars: number): { text: string } => ({ text: 'x'.repeat(chars) });
    const tables = [
      [['TYPE', 'NAME', 'VERSION', 'STATE', 'LAYER', 'FOUND IN'].map((text) => ({ text }))],
      [[long(3), long(160), long(150), long(0), long(1), long(90)]],
      [[long(70), long(70), long(70)]],
      [
        [long(1), long(8), long(200), long(200), long(17)],
        [long(1), long(90)],
      ],
    ];
    for (const rows of tables) {
      const lines = alignRows(rows, { style, widthChars }).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(widthChars);
    }
  });

  it('give the last cell the columns that its row does not have', () => {
    const rows = [
      [{ text: 'a' }, { text: 'b'.repeat(20) }, { text: 'c' }],
      [{ text: 'd' }, { text: 'e'.repeat(27) }],
    ];
    const [, second] = alignRows(rows, { style, widthChars: 30 }).split('\n');
    expect(second).toBe(`d  ${'e'.repeat(27)}`);
  });
});
