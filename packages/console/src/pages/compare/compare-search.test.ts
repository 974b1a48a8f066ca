import { expect, it } from 'vitest';

import { readCompareSearch } from './compare-search.ts';

const digest = `sha256:${'0'.repeat(64)}`;

it('accepts digests only', () => {
  expect(readCompareSearch({ before: digest, after: 'latest', files: 'yes' })).toEqual({
    before: digest,
    files: 'yes',
  });
  expect(readCompareSearch({ files: 'no', project: 5 })).toEqual({});
});
