import { describe, expect, test } from 'vitest';

import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';
import { portageReader } from './portage.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

describe('Portage', () => {
  const directory = 'var/db/pkg/app-shells/bash-completion-5.2_p21-r2';

  test('names a package by its directory', async () => {
    const facts = await factsOf(portageReader, `${directory}/PF`, 'bash-completion-5.2_p21-r2\n');
    expect(facts).toMatchObject([
      {
        name: 'app-shells/bash-completion',
        version: '5.2_p21-r2',
        purl: 'pkg:generic/app-shells/bash-completion@5.2_p21-r2',
      },
    ]);
    const odd = await factsOf(portageReader, 'var/db/pkg/a/b/PF', '');
    expect(odd).toMatchObject([{ kind: 'diagnostic', reason: 'damaged' }]);
  });

  test('lists its files', async () => {
    const text = `dir /usr\nobj /usr/a b ${md5} 1700000000\nsym /usr/c -> a b 17\nwhat\nobj /x\n`;
    const facts = await factsOf(portageReader, `${directory}/CONTENTS`, text);
    expect(ofKind(facts, 'ownership')).toMatchObject([
      { files: [{ path: 'usr' }, { path: 'usr/a b', digest: `md5:${md5}` }, { path: 'usr/c' }] },
    ]);
    expect(ofKind(facts, 'diagnostic')).toHaveLength(2);
    await neverCrashes(portageReader, `${directory}/CONTENTS`, Buffer.from(text));
  });
});
