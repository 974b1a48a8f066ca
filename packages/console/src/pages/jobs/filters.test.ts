import { expect, it } from 'vitest';

import { readJobSearch, searchText, toJobQuery } from './filters.ts';

const digest = 'ab'.repeat(32);

it('keeps known filters and drops what it does not know', () => {
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

it('drops values beyond the bound', () => {
  expect(readJobSearch({ text: 'x'.repeat(201) })).toEqual({});
});

it('turns lists into what the API takes', () => {
  expect(toJobQuery({ state: 'failed,timed_out', engine: 'a,b', tag: 't' })).toEqual({
    state: ['failed', 'timed_out'],
    engine: ['a', 'b'],
    tag: 't',
  });
  expect(toJobQuery({})).toEqual({});
});

it('takes a digest for content and other text for names', () => {
  expect(searchText(` ${digest.toUpperCase()} `)).toEqual({ sha256: digest });
  expect(searchText('invoice')).toEqual({ text: 'invoice' });
  expect(searchText('  ')).toEqual({});
});
