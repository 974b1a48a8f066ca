import { describe, expect, test } from 'vitest';

import { javaRuntimeReader } from './java-runtime.ts';
import { packagesOf, readFacts } from '../testing/read-facts.ts';

describe('the file `release`', () => {
  test('of a Java runtime identifies it', async () => {
    const text = 'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="21.0.3"\nOS_NAME="Linux"\n';
    const facts = packagesOf(await readFacts(javaRuntimeReader, 'opt/java/openjdk/release', text));
    expect(facts).toMatchObject([
      { purl: 'pkg:generic/openjdk@21.0.3', supplier: 'Eclipse Adoptium', foundBy: 'metadata' },
    ]);
  });

  test('of GraalVM identifies it', async () => {
    const text = 'GRAALVM_VERSION="24.0.1"\r\nJAVA_VERSION="22.0.1"\r\n';
    const facts = packagesOf(await readFacts(javaRuntimeReader, 'opt/graalvm/release', text));
    expect(facts).toMatchObject([{ name: 'graalvm', version: '22.0.1' }]);
  });

  test.each(['Debian 12\n', 'JAVA_VERSION="soon"\n', ''])(
    'of others yields nothing: %j',
    async (text) => {
      expect(await readFacts(javaRuntimeReader, 'etc/release', text)).toEqual([]);
    },
  );

  test('that is large is not that of a runtime', () => {
    const file = { path: 'release', type: 'file', mode: 0, uid: 0, gid: 0, mtimeMs: 0 } as const;
    expect(javaRuntimeReader.accepts?.({ ...file, sizeBytes: 500 })).toBe(true);
    expect(javaRuntimeReader.accepts?.({ ...file, sizeBytes: 5_000_000 })).toBe(false);
  });
});
