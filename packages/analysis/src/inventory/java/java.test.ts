// Not in the quick check: archives with hundreds of thousands of members are read.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { archiveLimits } from '../../archive/limits.ts';
import { manyMembers, zipArchive } from '../../archive/testing/zip-samples.ts';
import type { ZipSample } from '../../archive/testing/zip-samples.ts';
import { inventoryLimits } from '../limits.ts';
import { parseManifest } from './java-manifest.ts';
import { javaReader } from './java.ts';
import { parsePomProperties, parsePomXml } from './maven-coordinates.ts';
import { packagesOf, purlsOf, readFacts, unknownsOf } from '../testing/read-facts.ts';

function pom(group: string, artifact: string, version: string): ZipSample {
  const content = `#made\ngroupId=${group}\nartifactId=${artifact}\r\nversion=${version}\n`;
  return { path: `META-INF/maven/${group}/${artifact}/pom.properties`, content };
}

function manifest(...lines: string[]): ZipSample {
  const content = ['Manifest-Version: 1.0', ...lines, '', ''].join('\r\n');
  return { path: 'META-INF/MANIFEST.MF', content };
}

async function purls(path: string, ...samples: ZipSample[]): Promise<string[]> {
  return purlsOf(await readFacts(javaReader, path, zipArchive(samples)));
}

describe('an archive', () => {
  test('is identified by the files of Maven', async () => {
    const jar = zipArchive([manifest('Bundle-License: MIT'), pom('org.example', 'tool', '1.2')]);
    const [fact] = packagesOf(await readFacts(javaReader, 'app/tool-1.2.jar', jar));
    expect(fact).toMatchObject({
      path: 'app/tool-1.2.jar!/META-INF/maven/org.example/tool/pom.properties',
      name: 'org.example:tool',
      purl: 'pkg:maven/org.example/tool@1.2',
      foundBy: 'metadata',
      licenses: ['MIT'],
    });
  });

  test('into which three libraries were shaded is four packages', async () => {
    const found = await purls(
      ...(['all-3.0.jar', manifest('Implementation-Version: 3.0')] as const),
      ...[pom('a.b', 'one', '1'), pom('a.b', 'two', '2'), pom('a.b', 'three', '3')],
    );
    expect(found).toEqual([
      ...['pkg:maven/a.b/one@1', 'pkg:maven/a.b/two@2', 'pkg:maven/a.b/three@3'],
      'pkg:maven/all@3.0',
    ]);
  });

  test('under another name, with one project of the same version, is that project', async () => {
    const version = manifest('Implementation-Version: 3.8.7', 'Specification-Version: 3.8');
    const own = pom('org.apache.maven', 'maven-core', '3.8.7');
    expect(await purls('maven3-core.jar', version, own)).toEqual([
      'pkg:maven/org.apache.maven/maven-core@3.8.7',
    ]);
    const shaded = pom('org.other', 'library', '1.0');
    expect(await purls('maven3-core.jar', version, shaded)).toEqual([
      'pkg:maven/org.other/library@1.0',
      'pkg:maven/maven3-core@3.8.7',
    ]);
  });

  test.each([
    ['log4j-1.2-api.jar', 'org.apache.logging.log4j', 'log4j-1.2-api', '2.19.0'],
    ['annotation-1.3-spec.jar', 'org.specs', 'annotation_1.3_spec', '1.3'],
  ])('%s, with digits in its name, is its project', async (path, group, artifact, version) => {
    const found = await purls(path, manifest(), pom(group, artifact, version));
    expect(found).toEqual([`pkg:maven/${group}/${artifact}@${version}`]);
  });

  test('of the Java runtime itself is not a package', async () => {
    const title = manifest('Implementation-Title: Java Runtime Environment');
    expect(await purls('lib/jrt-fs.jar', title)).toEqual([]);
  });

  test('with only a pom.xml is its project, whose parent may give group and version', async () => {
    const content = `<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0">
      <parent><groupId>org.parent</groupId><artifactId>parent</artifactId>
      <version>7</version></parent>
      <artifactId>child</artifactId><dependencies><dependency><artifactId>no</artifactId>
      <version>9</version></dependency></dependencies></project>`;
    const path = 'META-INF/maven/org.parent/child/pom.xml';
    expect(await purls('child.jar', { path, content })).toEqual(['pkg:maven/org.parent/child@7']);
  });

  test.each<[string, string[], string]>([
    ['tool-1.5.jar', ['Implementation-Vendor-Id: org.example'], 'pkg:maven/org.example/tool@1.5'],
    ['tool.jar', ['Implementation-Version: 2.0'], 'pkg:maven/tool@2.0'],
    [
      'lib.jar',
      ['Bundle-SymbolicName: org.example.lib;x:=1', 'Bundle-Version: 3.1.0'],
      'pkg:maven/org.example/lib@3.1.0',
    ],
    [
      'git.hpi',
      ['Plugin-Version: 5.2', 'Short-Name: git', 'Group-Id: org.jenkins-ci.plugins'],
      'pkg:maven/org.jenkins-ci.plugins/git@5.2',
    ],
    ['scala_2.13-4.0.jar', [], 'pkg:maven/scala_2.13@4.0'],
    [
      'asm-tree-9.7.jar',
      ['Bundle-SymbolicName: org.objectweb.asm.tree'],
      'pkg:maven/org.ow2.asm/asm-tree@9.7',
    ],
    ['spring-core-6.1.0.jar', [], 'pkg:maven/org.springframework/spring-core@6.1.0'],
    ['repository/org/example/deep/1.0/deep-1.0.jar', [], 'pkg:maven/org.example/deep@1.0'],
  ])('without Maven: %s', async (path, lines, purl) => {
    expect(await purls(path, manifest(...lines))).toEqual([purl]);
  });

  test('without a manifest is named by its file', async () => {
    const [fact] = packagesOf(await readFacts(javaReader, 'lib/a-1.0.jar', zipArchive([])));
    expect(fact).toMatchObject({
      name: 'a',
      version: '1.0',
      foundBy: 'pattern',
      path: 'lib/a-1.0.jar',
    });
  });

  test('without metadata is a package without a version, not omitted', async () => {
    const facts = await readFacts(javaReader, 'lib/app.jar', zipArchive([{ path: 'A.class' }]));
    expect(facts).toMatchObject([{ kind: 'package', name: 'app', version: '' }]);
  });

  test('named .zip is a Java archive only with Java metadata in it', async () => {
    expect(await purls('docs-1.0.zip', { path: 'a.txt' })).toEqual([]);
    expect(await purls('x-1.0.zip', manifest())).toEqual(['pkg:maven/x@1.0']);
  });

  test('after a script that starts it is read', async () => {
    const prefix = Buffer.from('#!/bin/bash\nexec java -jar "$0"\n');
    const jar = zipArchive([pom('a.b', 'boot', '1')], { prefix });
    expect(purlsOf(await readFacts(javaReader, 'boot.jar', jar))).toEqual(['pkg:maven/a.b/boot@1']);
  });
});

describe('archives inside archives', () => {
  const inner = zipArchive([pom('a.b', 'inner', '1')]);

  test('are read, and the same one twice is reported at both places', async () => {
    const war = zipArchive([
      { path: 'WEB-INF/lib/inner-1.jar', content: inner, method: 0 },
      { path: 'WEB-INF/lib/copy/inner-1.jar', content: inner },
      manifest('Implementation-Version: 2'),
    ]);
    const facts = packagesOf(await readFacts(javaReader, 'app.war', war));
    const pomPath = 'META-INF/maven/a.b/inner/pom.properties';
    expect(facts.map(({ path }) => path)).toEqual([
      'app.war!/META-INF/MANIFEST.MF',
      `app.war!/WEB-INF/lib/inner-1.jar!/${pomPath}`,
      `app.war!/WEB-INF/lib/copy/inner-1.jar!/${pomPath}`,
    ]);
  });

  function nest(depth: number, content: Buffer): Buffer {
    let bytes = content;
    for (let at = 0; at < depth; at += 1) bytes = zipArchive([{ path: 'n.jar', content: bytes }]);
    return bytes;
  }

  test('deeper than the limit are reported as too deep', async () => {
    const facts = await readFacts(javaReader, 'a.jar', nest(archiveLimits.nestedDepth + 1, inner));
    expect(unknownsOf(facts)).toMatchObject([{ reason: 'too_deep' }]);
    expect(
      purlsOf(await readFacts(javaReader, 'a.jar', nest(archiveLimits.nestedDepth, inner))),
    ).toContain('pkg:maven/a.b/inner@1');
  });

  test('five deep with a member that expands too much are not unpacked, the rest is reported', async () => {
    const bomb = { path: 'bomb.jar', content: Buffer.alloc(40 * 1024 * 1024) };
    const facts = await readFacts(
      javaReader,
      'a.jar',
      nest(5, zipArchive([bomb, pom('a.b', 'c', '1')])),
    );
    expect(unknownsOf(facts)).toMatchObject([{ reason: 'too_large' }]);
    expect(unknownsOf(facts)[0]?.path).toMatch(/!\/bomb\.jar$/);
    expect(purlsOf(facts)).toContain('pkg:maven/a.b/c@1');
  });

  test('that claim 100 GB are refused before a byte is unpacked', async () => {
    const jar = zipArchive([{ path: 'b.jar', content: 'x', sizeBytes: 100e9, zip64: true }]);
    // The directory has it in its field of zip64.
    const at = jar.indexOf('PK\x01\x02', 0, 'latin1');
    jar.writeUInt32LE(0xffffffff, at + 24);
    const facts = await readFacts(javaReader, 'a.jar', jar);
    expect(unknownsOf(facts)).toMatchObject([{ path: 'a.jar!/b.jar', reason: 'too_large' }]);
  });

  test('sixteen of the same in each of five levels cost no more than five', async () => {
    let bytes: Buffer = zipArchive([{ path: 'x.class', content: 'x' }]);
    for (let level = 0; level < 5; level += 1) {
      const content = bytes;
      bytes = zipArchive(Array.from({ length: 16 }, (_, at) => ({ path: `${at}.jar`, content })));
    }
    const facts = await readFacts(javaReader, 'a.jar', bytes);
    expect(facts.length).toBeLessThan(6 * 16);
  });

  test('with overlapping members are reported as damaged and keep their packages', async () => {
    const kernel = { path: 'a.jar', content: Buffer.alloc(100_000) };
    const jar = zipArchive([kernel, { ...kernel, path: 'b.jar', offset: 0 }, pom('a.b', 'c', '1')]);
    const facts = await readFacts(javaReader, 'x.jar', jar);
    expect(purlsOf(facts)).toContain('pkg:maven/a.b/c@1');
    const reasons = new Set(unknownsOf(facts).map(({ reason }) => reason));
    expect([...reasons]).toEqual(['damaged']);
  });

  test('with 200,000 members are read up to the limit, and that is reported', async () => {
    const facts = await readFacts(javaReader, 'x-1.jar', manyMembers(200_000));
    expect(facts).toMatchObject([
      { kind: 'diagnostic', reason: 'too_many' },
      { name: 'x', version: '1' },
    ]);
  });

  test.each<[string, ZipSample, string]>([
    ['encrypted', { path: 'l.jar', content: 'x', flags: 1 }, 'encrypted'],
    ['no archive', { path: 'l.jar', content: 'text' }, 'damaged'],
    ['of an unsupported method', { path: 'l.jar', content: 'x', method: 99 }, 'unsupported'],
  ])('that are %s are reported', async (_, sample, reason) => {
    const facts = await readFacts(javaReader, 'a-1.jar', zipArchive([sample]));
    expect(unknownsOf(facts)).toMatchObject([{ path: 'a-1.jar!/l.jar', reason }]);
  });

  test('in large numbers that cannot be read are limited in the result', async () => {
    const broken = Array.from({ length: 1_000 }, (_, at) => ({
      path: `${at}.jar`,
      content: `${at}`,
    }));
    const unknowns = unknownsOf(await readFacts(javaReader, 'a.jar', zipArchive(broken)));
    expect(unknowns).toHaveLength(inventoryLimits.unknownsPerFile);
    expect(unknowns.at(-1)?.detail).toContain('not listed');
  });
});

describe('a manifest', () => {
  test('has long lines continued, names without case, and ends at an empty line', () => {
    const text =
      'Bundle-Name: a long\r\n  name\r\nBUNDLE-VERSION: 2\r\n\r\nName: x\r\nBundle-Version: 3\r\n';
    const fields = parseManifest(Buffer.from(text));
    expect(fields.get('bundle-name')).toBe('a long name');
    expect(fields.get('bundle-version')).toBe('2');
    expect(fields.has('name')).toBe(false);
  });

  test('of 50 MB of digests yields its main section', async () => {
    const head = 'Manifest-Version: 1.0\nImplementation-Version: 4.2\n\n';
    const content = head + 'Name: a/B.class\nSHA-256-Digest: abcdefgh\n\n'.repeat(1_190_000);
    const jar = zipArchive([{ path: 'META-INF/MANIFEST.MF', content }]);
    const facts = await readFacts(javaReader, 'a.jar', jar);
    expect(facts).toMatchObject([{ name: 'a', version: '4.2' }]);
  });
});

describe('poms', () => {
  test('with a recursive entity or computed values are not used', () => {
    const entities = '<!DOCTYPE p [<!ENTITY a "&b;&b;"><!ENTITY b "x">]>';
    const text = (version: string): Buffer =>
      Buffer.from(
        `${entities}<project><artifactId>a</artifactId><version>${version}</version></project>`,
      );
    expect(parsePomXml(text('${revision}'))).toBeUndefined();
    expect(parsePomXml(text('&a;'))).toBeUndefined();
    expect(parsePomXml(text('1.0'))).toMatchObject({ artifact: 'a', version: '1.0' });
  });

  test('nested very deep end', () => {
    expect(parsePomXml(Buffer.from('<a>'.repeat(200_000)))).toBeUndefined();
  });
});

test('whatever the bytes, reading ends without failing', async () => {
  const jar = zipArchive([
    manifest('A: b'),
    pom('a.b', 'c', '1'),
    { path: 'x.jar', content: 'PK' },
  ]);
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(edits, fc.uint8Array({ maxLength: 300 }), async (changes, junk) => {
      const bytes = Buffer.from(jar);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      await readFacts(javaReader, 'a.jar', bytes);
      parseManifest(Buffer.from(junk));
      parsePomProperties(Buffer.from(junk));
      parsePomXml(Buffer.from(junk));
    }),
    { numRuns: 300 },
  );
});
