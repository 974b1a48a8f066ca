import { expect, it } from 'vitest';

import { readImagesSearch, toImagesQuery } from './filters.ts';

it('drops unknown filters', () => {
  const raw = { verdict: 'malicious,nonsense,clean', text: 'debian', page: '7', project: 3 };
  expect(readImagesSearch(raw)).toEqual({ verdict: 'clean,malicious', text: 'debian' });
  expect(readImagesSearch({ text: 'x'.repeat(201), verdict: 5 })).toEqual({});
});

it('converts filters to an API query', () => {
  expect(toImagesQuery({ verdict: 'clean,malicious', project: 'lab' })).toEqual({
    verdict: ['clean', 'malicious'],
    project: 'lab',
  });
  expect(toImagesQuery({})).toEqual({});
});
