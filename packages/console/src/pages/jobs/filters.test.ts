import { expect, it } from 'vitest';

import { readJobSearch, searchText, sortBy, toJobQuery } from './filters.ts';

const digest = 'ab'.repeat(32);

it('drops unknown filters', () => {
  const search = readJobSearch({
    state: 'running,nonsense,queued',
    engine: 'apktool',
    sha256: 'not a digest',
    page: '7',
    tag: '',
    text: 7,
  });
  expect(search).toEqual({ state: 'queued,running', engine: 'apktool' });
});

it('drops overlong values', () => {
  expect(readJobSearch({ text: 'x'.repeat(201) })).toEqual({});
});

it('converts filters to an API query', () => {
  expect(toJobQuery({ state: 'failed,timed_out', engine: 'a,b', tag: 't' })).toEqual({
    state: ['failed', 'timed_out'],
    engine: ['a', 'b'],
    tag: 't',
  });
  expect(toJobQuery({})).toEqual({});
});

it('searches a SHA-256 by content and other text by name', () => {
  expect(searchText(` ${digest.toUpperCase()} `)).toEqual({ sha256: digest });
  expect(searchText('invoice')).toEqual({ text: 'invoice' });
  expect(searchText('  ')).toEqual({});
});

it('keeps a known order and drops an unknown one', () => {
  expect(readJobSearch({ sort: 'duration', order: 'asc' })).toEqual({
    sort: 'duration',
    order: 'asc',
  });
  expect(readJobSearch({ sort: 'password', order: 'sideways' })).toEqual({});
});

it('sorts by a column, and in reverse on the second click', () => {
  const first = sortBy({ tag: 't' }, 'engine');
  expect(first).toEqual({ tag: 't', sort: 'engine', order: 'asc' });
  expect(sortBy(first, 'engine')).toMatchObject({ order: 'desc' });
  expect(sortBy({}, 'createdAt')).toMatchObject({ sort: 'createdAt', order: 'asc' });
  expect(sortBy({}, 'duration')).toMatchObject({ order: 'desc' });
});
