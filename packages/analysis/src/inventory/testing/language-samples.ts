/** Valid files for the readers of languages, see reader-samples.ts. */
import { zipArchive } from '../../archive/testing/zip-samples.ts';
import { sample, type ReaderSample } from './sample.ts';

export function languageSamples(): Record<string, readonly ReaderSample[]> {
  const of = (path: string, content: string | Buffer): readonly ReaderSample[] => [
    sample(path, content),
  ];
  const site = 'usr/lib/python3/site-packages';
  return {
    npm: of('srv/node_modules/a/package.json', packageJson),
    'npm-lock': of('srv/package-lock.json', npmLock),
    'yarn-lock': of('srv/yarn.lock', 'a@^1.0.0:\n  version "1.0.0"\n'),
    'pnpm-lock': of('srv/pnpm-lock.yaml', 'packages:\n  a@1.0.0:\n    resolution: {}\n'),
    'bun-lock': of('srv/bun.lock', '{"packages":{"a":["a@1.0.0",],},/* */}'),
    python: of(`${site}/a-1.dist-info/METADATA`, pythonMetadata),
    'python-record': of(`${site}/a-1.dist-info/RECORD`, `"a,b",sha256=${recordDigest},1\n../b,,\n`),
    'python-egg': of(
      'opt/a-1.egg',
      zipArchive([{ path: 'EGG-INFO/PKG-INFO', content: pythonMetadata }]),
    ),
    'python-lock': of('srv/uv.lock', '[[package]]\nname = "a"\nversion = "1"\n'),
    'pipfile-lock': of('srv/Pipfile.lock', '{"default":{"a":{"version":"==1"}}}'),
    requirements: of('srv/requirements.txt', 'a==1\nb [x] == 2 ; y\n'),
    gemspec: of('usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec', gemspec),
    'gemfile-lock': of('srv/Gemfile.lock', 'GEM\n  specs:\n    a (1.0-x)\n'),
    composer: of('srv/vendor/composer/installed.json', `[${composerPackage}]`),
    'composer-lock': of('srv/composer.lock', `{"packages":[${composerPackage}]}`),
    pear: of('usr/share/php/.registry/a.reg', pear),
    conda: of('opt/conda/conda-meta/a-1-0.json', conda),
    'claimed-sbom': of('usr/share/a.cdx.json', cycloneDx),
    'cargo-lock': of(
      'srv/Cargo.lock',
      '[[package]]\nname = "a"\nversion = "1.0.0"\ndependencies = ["b"]\n',
    ),
    'dotnet-deps': of('app/Web.deps.json', dotnetDependencies),
    'nuget-lock': of('src/packages.lock.json', nugetLock),
  };
}

const packageJson = JSON.stringify({
  ...{ name: '@scope/a', version: '1.0.0', license: 'MIT', author: 'A <a@example.org>' },
  dependencies: { b: '^1.0.0' },
});
const npmLock = '{"packages":{"node_modules/b":{"version":"2.0.0"}}}';
const pythonMetadata = 'Name: a\nVersion: 1\nLicense: MIT\nAuthor: A\nRequires-Dist: b (>=1)\n\n';
const recordDigest = Buffer.alloc(32, 1).toString('base64url');
const gemspec = [
  'Gem::Specification.new do |s|',
  '  s.name = "a".freeze',
  '  s.version = "1.0"',
  '  s.licenses = ["MIT".freeze]',
  '  s.authors = ["A".freeze]',
  '  s.add_runtime_dependency(%q<b>.freeze, [">= 1"])',
  'end',
  '',
].join('\n');
const composerPackage = JSON.stringify({
  ...{ name: 'a/b', version: '1.0.0', license: ['MIT'], require: { 'c/d': '^1.0' } },
});
const pear =
  'a:3:{s:4:"name";s:1:"a";s:7:"version";a:1:{s:7:"release";s:3:"1.0";}' +
  's:7:"license";s:3:"PHP";}';
const conda = JSON.stringify({
  ...{ name: 'a', version: '1.0', license: 'MIT', depends: ['b >=1'], files: ['lib/x'] },
  ...{ build: '0', channel: 'https://conda.example.org/main/linux-64', subdir: 'linux-64' },
  paths_data: { paths: [{ _path: 'lib/x', sha256: 'a'.repeat(64) }] },
});
const cycloneDx = JSON.stringify({
  bomFormat: 'CycloneDX',
  components: [
    {
      ...{ type: 'library', name: 'a', version: '1', purl: 'pkg:npm/a@1' },
      licenses: [{ license: { id: 'MIT' } }],
    },
  ],
});
const dotnetDependencies = JSON.stringify({
  targets: { net8: { 'App/1.0.0': { dependencies: { Json: '13.0.3' } } } },
  libraries: { 'App/1.0.0': { type: 'project' }, 'Json/13.0.3': { type: 'package' } },
});
const nugetLock = JSON.stringify({
  dependencies: { net8: { Json: { resolved: '13.0.3', dependencies: { Other: '1.0.0' } } } },
});
