import { expect, it } from 'vitest';

import { units } from '../core/units.ts';
import { engineManifest } from './manifest.ts';

const { MiB } = units;
const parse = (resources: Record<string, unknown>) =>
  engineManifest.safeParse({ name: 'strings', image: 'lab/strings', resources });

it.each([
  [{}, 64 * MiB],
  [{ memory: '64MiB' }, 64 * MiB],
  [{ memory: '32MiB' }, 32 * MiB],
  [{ memory: '6MiB' }, 6 * MiB],
  [{ memory: '32MiB', tmp: '8MiB' }, 8 * MiB],
])('with resources %j, /tmp has %i bytes', (resources, tmp) => {
  expect(parse(resources).data?.resources.tmp).toBe(tmp);
});

it('refuses a /tmp that is larger than the memory, and says what is expected', () => {
  const { error } = parse({ memory: '32MiB', tmp: '64MiB' });
  expect(error?.issues).toMatchObject([
    {
      path: ['resources', 'tmp'],
      message: expect.stringContaining('at most resources.memory') as string,
    },
  ]);
});

it('parses to the same manifest again', () => {
  const { data } = parse({ memory: '32MiB' });
  expect(engineManifest.parse(data)).toEqual(data);
});
