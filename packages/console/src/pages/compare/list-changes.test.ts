import { expect, it } from 'vitest';

import { fileChanges, packageChanges } from './list-changes.ts';

it('lists removed, changed and added packages', () => {
  const changes = packageChanges({
    added: [{ type: 'npm', name: 'left-pad', before: [], after: ['1.3.0'] }],
    removed: [{ type: 'deb', name: 'curl', before: ['8.1'], after: [] }],
    changed: [{ type: 'deb', name: 'zlib1g', before: ['1.2', '1.3'], after: ['1.4'] }],
  });
  expect(changes.map(({ change, name, detail }) => `${change} ${name} ${detail}`)).toEqual([
    'removed curl 8.1',
    'changed zlib1g 1.2, 1.3 → 1.4',
    'added left-pad 1.3.0',
  ]);
});

it('lists the changed attributes of a file', () => {
  const files = { added: [], removed: [], changed: [{ path: 'a', fields: ['mode', 'owner'] }] };
  expect(fileChanges(files)).toEqual([{ change: 'changed', name: 'a', detail: 'mode, owner' }]);
});
