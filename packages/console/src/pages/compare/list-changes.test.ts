import { expect, it } from 'vitest';

import { fileChanges, packageChanges } from './list-changes.ts';

const none = { before: [], after: [] };

it('lists removed, changed, moved, added and not comparable packages', () => {
  const changes = packageChanges({
    added: [{ type: 'npm', name: 'left-pad', before: [], after: ['1.3.0'] }],
    removed: [{ type: 'deb', name: 'curl', before: ['8.1'], after: [] }],
    changed: [{ type: 'deb', name: 'zlib1g', before: ['1.2', '1.3'], after: ['1.4'] }],
    moved: [{ type: 'npm', name: 'ms', versions: ['2.1.3'], from: ['a/ms'], to: ['b/ms'] }],
    notComparable: { before: [{ type: 'npm', name: 'old', before: ['1'], after: [] }], after: [] },
  });
  expect(changes.map(({ change, name, detail }) => `${change} ${name} ${detail}`)).toEqual([
    'removed curl 8.1',
    'changed zlib1g 1.2, 1.3 → 1.4',
    'moved ms a/ms → b/ms',
    'added left-pad 1.3.0',
    'only_before old 1',
  ]);
});

it('lists the changed attributes of a file', () => {
  const changed = [{ path: 'a', fields: ['mode', 'owner'] }];
  const files = { added: [], removed: [], changed, moved: [], notComparable: none };
  expect(fileChanges(files)).toEqual([{ change: 'changed', name: 'a', detail: 'mode, owner' }]);
});

it('lists a removed directory as one row with its files', () => {
  const removed = [
    { path: 'etc/a' },
    { path: 'opt/x', directory: 'opt' },
    { path: 'opt/y', directory: 'opt' },
  ];
  const files = { added: [], removed, changed: [], moved: [], notComparable: none };
  expect(fileChanges(files)).toEqual([
    { change: 'removed', name: 'etc/a', detail: '' },
    { change: 'removed', name: 'opt/', detail: '2 files', entries: ['opt/x', 'opt/y'] },
  ]);
});
