import fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { describe, expect, test } from 'vitest';

import { packageUrl } from './purl.ts';
import type { PackageUrlParts } from './purl.ts';

/** "build" tests of the purl specification's own suite (ECMA-427, tests/types and tests/spec). */
const published: readonly (readonly [PackageUrlParts, string])[] = [
  [
    { type: 'npm', namespace: '@angular', name: 'animation', version: '12.3.1' },
    'pkg:npm/%40angular/animation@12.3.1',
  ],
  [
    {
      type: 'npm',
      name: 'mypackage',
      version: '12.4.5',
      qualifiers: { vcs_url: 'git://host.com/path/to/repo.git@4345abcd34343' },
    },
    'pkg:npm/mypackage@12.4.5?vcs_url=git:%2F%2Fhost.com%2Fpath%2Fto%2Frepo.git%404345abcd34343',
  ],
  [
    {
      type: 'golang',
      namespace: 'google.golang.org',
      name: 'genproto',
      version: 'abcdedf',
      subpath: 'googleapis/api/annotations',
    },
    'pkg:golang/google.golang.org/genproto@abcdedf#googleapis/api/annotations',
  ],
  [
    {
      type: 'apk',
      namespace: 'alpine',
      name: 'apk',
      version: '2.12.9-r3',
      qualifiers: arch('x86'),
    },
    'pkg:apk/alpine/apk@2.12.9-r3?arch=x86',
  ],
  [
    {
      type: 'alpm',
      namespace: 'arch',
      name: 'containers-common',
      version: '1:0.47.4-4',
      qualifiers: arch('x86_64'),
    },
    'pkg:alpm/arch/containers-common@1:0.47.4-4?arch=x86_64',
  ],
  [
    {
      type: 'deb',
      namespace: 'debian',
      name: 'attr',
      version: '1:2.4.47-2+b1',
      qualifiers: arch('amd64'),
    },
    'pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64',
  ],
  [
    {
      type: 'rpm',
      namespace: 'fedora',
      name: 'centerim',
      version: '4.22.10-1.el6',
      qualifiers: { epoch: '1', distro: 'fedora-25', arch: 'i686' },
    },
    'pkg:rpm/fedora/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1',
  ],
  [
    { type: 'nuget', name: 'EnterpriseLibrary.Common', version: '6.0.1304' },
    'pkg:nuget/EnterpriseLibrary.Common@6.0.1304',
  ],
  [
    {
      type: 'maven',
      namespace: 'mygroup',
      name: 'myartifact',
      version: '1.0.0 Final',
      qualifiers: { mykey: 'my value' },
    },
    'pkg:maven/mygroup/myartifact@1.0.0%20Final?mykey=my%20value',
  ],
  [
    {
      type: 'generic',
      name: 'openssl',
      version: '1.1.10g',
      qualifiers: { checksum: 'sha1:ad9503c3e994a4f,sha256:41bf9088b3a1e6c1ef1d' },
    },
    'pkg:generic/openssl@1.1.10g?checksum=sha1:ad9503c3e994a4f%2Csha256:41bf9088b3a1e6c1ef1d',
  ],
];

describe('package URLs', () => {
  test.each(published)('%o', (parts, text) => {
    expect(packageUrl(parts)).toBe(text);
  });

  test.each<readonly [PackageUrlParts, string]>([
    [{ type: 'pypi', name: 'Zope_Interface', version: '1' }, 'pkg:pypi/zope-interface@1'],
    [{ type: 'DEB', name: 'LibC6' }, 'pkg:deb/libc6'],
    [{ type: 'rpm', name: 'GConf2' }, 'pkg:rpm/GConf2'],
    [{ type: 'npm', name: 'JSONStream', version: '1.3.5' }, 'pkg:npm/JSONStream@1.3.5'],
    [{ type: 'composer', namespace: 'Laravel', name: 'Foo' }, 'pkg:composer/laravel/foo'],
  ])('follow the rules of their type: %o', (parts, text) => {
    expect(packageUrl(parts)).toBe(text);
  });

  test.each<readonly [PackageUrlParts, string]>([
    [{ type: 'maven', name: 'no-group', version: '1' }, 'pkg:maven/no-group@1'],
    [{ type: 'golang', name: 'tool', version: 'v1.bad' }, 'pkg:golang/tool@v1.bad'],
    [{ type: 'deb', name: '\ud800/!', version: '(1)' }, 'pkg:deb/%EF%BF%BD%2F%21@%281%29'],
    [{ type: 'deb', name: 'a', qualifiers: { arch: undefined, 'b c': 'd' } }, 'pkg:deb/a'],
    [
      { type: 'golang', namespace: '/a//b/', name: 'c', subpath: '../x/./y' },
      'pkg:golang/a/b/c#x/y',
    ],
  ])('are also written for names that violate the rules: %o', (parts, text) => {
    expect(packageUrl(parts)).toBe(text);
  });

  test('never throw, and round-trip the name and version', () => {
    const letters = 'aZ09 .-_~:@/?#%+&=!\'()*[]{}<>|\\"$,;\0\n\t\x7f\u00e9\u4e2d\u{1f600}';
    const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 40 });
    const foreign = fc.record({ name: text, version: text, namespace: text, subpath: text });
    const type = fc.constantFrom('apk', 'cargo', 'gem', 'generic', 'nuget', 'rpm');
    fc.assert(
      fc.property(
        type,
        foreign,
        fc.dictionary(text, text, { maxKeys: 3 }),
        (one, parts, qualifiers) => {
          const url = packageUrl({ type: one, ...parts, qualifiers });
          expect(url).toMatch(/^pkg:[a-z]+\/[\w.\-~:%/@?=&#]*$/);
          const name = parts.name.trim();
          if (name === '' || one === 'apk') return;
          // The library decodes qualifiers twice, and fails on a percent sign in one.
          const back = PackageURL.fromString(url.replace(/\?[^#]*/, ''));
          expect(back.name).toBe(name);
          expect(back.version ?? '').toBe(parts.version.trim());
        },
      ),
    );
  });
});

function arch(name: string): Record<string, string> {
  return { arch: name };
}
