import { registrySettings } from '@lazaret/protocol';
import { expect, it } from 'vitest';

import { listRegistrySettings } from './list-registry-settings.ts';

it('lists every setting with its key, set or not', () => {
  const rows = listRegistrySettings({
    registries: {
      public: false,
      plainHttp: ['127.0.0.1:5000'],
      mirrors: { 'docker.io': ['mirror.lab', 'other.lab'] },
      rates: { '*': [{ requests: 90, periodMs: 21_600_000 }] },
      credentialsFile: '/etc/lazaret/config.json',
      credentialHelpers: { environment: { AWS_SECRET_ACCESS_KEY: 'hidden' } },
    },
  });
  const values = Object.fromEntries(rows.map((row) => [row.key, row.values]));
  expect(values).toMatchObject({
    public: ['not allowed'],
    private: [],
    plainHttp: ['127.0.0.1:5000'],
    mirrors: ['docker.io: mirror.lab, other.lab'],
    rates: ['*: 90 requests per 6h'],
    credentialsFile: ['/etc/lazaret/config.json'],
    credentialHelpers: ['allowed', 'variable AWS_SECRET_ACCESS_KEY'],
  });
});

it('has a row for each registry setting', () => {
  const keys = listRegistrySettings(undefined).map(({ key }) => key);
  expect(keys.toSorted()).toEqual(Object.keys(registrySettings.shape).toSorted());
});

it('lists the settings without values if the section is missing', () => {
  expect(listRegistrySettings(undefined).every(({ values }) => values.length === 0)).toBe(true);
});
