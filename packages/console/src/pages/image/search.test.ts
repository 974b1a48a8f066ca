import { packageType, severity } from '@lazaret/protocol';
import { expect, it } from 'vitest';

import { listOf, readImageSearch } from './search.ts';

it('keeps known values', () => {
  const search = {
    tab: 'files',
    view: 'layer',
    layer: '3',
    path: 'usr/bin/<b>',
    rule: 'A.B',
    project: 'lab',
  };
  expect(readImageSearch(search)).toEqual(search);
});

it('drops unknown values', () => {
  const raw = {
    tab: 'nonsense',
    view: 'all',
    layer: '-1',
    hidden: 'perhaps',
    severity: 'awful',
    path: 7,
    text: '',
    scanner: 'x'.repeat(201),
  };
  expect(readImageSearch(raw)).toEqual({});
});

it('reads lists in the order of the known values', () => {
  expect(readImageSearch({ severity: 'low,critical,none', type: 'npm,x,deb' })).toEqual({
    severity: 'critical,low',
    type: 'deb,npm',
  });
  expect(listOf('high,low', severity.options)).toEqual(['high', 'low']);
  expect(listOf(undefined, packageType.options)).toEqual([]);
});
