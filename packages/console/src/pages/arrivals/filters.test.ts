import { expect, test } from 'vitest';

import { readArrivalsSearch, toArrivalsQuery } from './filters.ts';

test('known filters are read from the URL and sent to the API', () => {
  const raw = {
    state: 'waiting,inspecting',
    verdict: 'malicious',
    registry: 'lab',
    repository: 'lab/app',
    tag: '1.0',
    project: 'red',
  };
  const search = readArrivalsSearch(raw);
  expect(search).toEqual(raw);
  expect(toArrivalsQuery(search)).toEqual({
    ...{ state: ['waiting', 'inspecting'], verdict: ['malicious'] },
    ...{ registry: 'lab', repository: 'lab/app', tag: '1.0', project: 'red' },
  });
});

test('unknown values and fields of the URL are dropped', () => {
  const raw = { state: 'gone,failed', verdict: 'nice', registry: '', project: 7, other: 'x' };
  expect(readArrivalsSearch(raw)).toEqual({ state: 'failed' });
  expect(toArrivalsQuery({ state: 'gone', verdict: 'nice' })).toEqual({});
});
