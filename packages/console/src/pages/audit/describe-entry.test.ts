import { expect, it } from 'vitest';

import { describeEntry, fileOf } from './describe-entry.ts';

it.each([
  [{ enabled: true }, 'An engine was enabled'],
  [{ enabled: false }, 'An engine was disabled'],
  [
    { revision: 1, pinned: `sha256:${'a'.repeat(64)}` },
    'The image of an engine was pinned to its digest',
  ],
  [{ revision: 1, from: 3 }, 'An engine was rolled back from revision 3 to 1'],
  [{ revision: 2 }, 'Revision 2 of an engine became current'],
])('says what happened to an engine: %j', (data, text) => {
  expect(describeEntry({ type: 'engine.changed', data })).toBe(text);
});

it('finds the file of entries about files and artifacts only', () => {
  const subject = 'b'.repeat(64);
  expect(fileOf({ type: 'artifact.downloaded', subject })).toBe(subject);
  expect(fileOf({ type: 'file.previewed', subject: `sha256:${subject}` })).toBe(subject);
  expect(fileOf({ type: 'artifact.downloaded', subject: '0123456789abcdef' })).toBeUndefined();
  expect(fileOf({ type: 'image.removed', subject: `sha256:${subject}` })).toBeUndefined();
});
