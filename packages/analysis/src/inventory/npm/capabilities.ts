import type { DescribedReader, Ecosystem, Yields } from '../ecosystem.ts';
import { bunLockReader, npmLockReader } from './npm-lock.ts';
import { npmReader } from './npm.ts';
import { pnpmLockReader, yarnLockReader } from './yarn-lock.ts';

const npm = { purlTypes: ['npm'], purl: 'pkg:npm/<scope>/<name>@<version>' } as const;
const declared: Yields = {
  packages: { ...npm, foundBy: ['lock-file'], states: ['declared'], details: [] },
};

/** A lock file anywhere but inside an installed package. */
function lockFile(
  reader: DescribedReader['reader'],
  summary: string,
  names: readonly string[],
): DescribedReader {
  return {
    reader,
    summary,
    files: names.map((name) => ({ pattern: `**/${name}`, example: `srv/app/${name}` })),
    except: names.map((name) => ({
      pattern: `**/node_modules/**/${name}`,
      example: `srv/app/node_modules/tool/${name}`,
      reason: 'a leftover of the author of the package, which npm ignores too',
    })),
    yields: declared,
  };
}

export const npmEcosystem: Ecosystem = {
  name: 'npm',
  title: 'Node.js (npm, Yarn, pnpm, Bun)',
  group: 'language',
  readers: [
    {
      reader: npmReader,
      summary: 'installed packages and applications',
      files: [
        { pattern: '**/node_modules/*/package.json', example: 'srv/node_modules/tar/package.json' },
        {
          pattern: '**/node_modules/@*/*/package.json',
          example: 'srv/node_modules/@types/node/package.json',
        },
        {
          pattern: '**/usr/share/nodejs/*/package.json',
          example: 'usr/share/nodejs/semver/package.json',
        },
        { pattern: '**/package.json', example: 'srv/app/package.json' },
      ],
      except: [
        {
          pattern:
            '**/{test,tests,__tests__,fixture,fixtures,__fixtures__,example,examples}/**/package.json',
          example: 'srv/node_modules/tar/test/fixtures/package.json',
          reason: 'samples in the tests of a package, which are never loaded',
        },
      ],
      yields: {
        packages: {
          ...npm,
          foundBy: ['metadata'],
          states: ['installed'],
          details: ['licenses', 'supplier', 'dependsOn'],
        },
      },
    },
    lockFile(npmLockReader, 'lock files of npm, versions 1 to 3', [
      ...['package-lock.json', 'npm-shrinkwrap.json'],
    ]),
    lockFile(yarnLockReader, 'lock files of Yarn, classic and modern', ['yarn.lock']),
    lockFile(pnpmLockReader, 'lock files of pnpm', ['pnpm-lock.yaml']),
    lockFile(bunLockReader, 'lock files of Bun in text form', ['bun.lock']),
  ],
  unread: [
    {
      pattern: '**/bun.lockb',
      example: 'srv/app/bun.lockb',
      reason: 'lock files of Bun in binary form',
    },
    { pattern: '**/deno.lock', example: 'srv/app/deno.lock', reason: 'lock files of Deno' },
    { pattern: '**/bower.json', example: 'srv/app/bower.json', reason: 'packages of Bower' },
    {
      pattern: '**/node_modules/.package-lock.json',
      example: 'srv/app/node_modules/.package-lock.json',
      reason: 'the installed packages themselves are read',
    },
    {
      pattern: '**/*.js',
      example: 'srv/app/dist/bundle.js',
      reason: 'packages that a bundler merged into one file',
    },
  ],
  gaps: [
    'A `package.json` without a name and a version is a package only at the root of one, and is ' +
      'otherwise ignored.',
    'Lock files: dependencies from git, a URL or a directory are omitted if no version is ' +
      'given; licences, integrity digests and the separation of development dependencies are not read.',
    'Zip archives in the cache of Yarn (`.yarn/cache`) are known from `yarn.lock` only.',
  ],
};
