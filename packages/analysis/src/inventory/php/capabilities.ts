import type { Ecosystem } from '../ecosystem.ts';
import { composerLockReader, composerReader, pearReader } from './php.ts';

const composer = {
  purlTypes: ['composer'],
  purl: 'pkg:composer/<vendor>/<name>@<version>',
  details: ['licenses', 'dependsOn'],
} as const;

export const phpEcosystem: Ecosystem = {
  name: 'php',
  title: 'PHP (Composer, PEAR, PECL)',
  group: 'language',
  readers: [
    {
      reader: composerReader,
      summary: 'packages that Composer installed',
      files: [
        {
          pattern: '**/composer/installed.json',
          example: 'srv/app/vendor/composer/installed.json',
        },
      ],
      yields: { packages: { ...composer, foundBy: ['database'], states: ['installed'] } },
    },
    {
      reader: composerLockReader,
      summary: 'lock files of Composer',
      files: [{ pattern: '**/composer.lock', example: 'srv/app/composer.lock' }],
      except: [
        {
          pattern: '**/vendor/**/composer.lock',
          example: 'srv/app/vendor/tool/composer.lock',
          reason: 'leftovers of the authors of installed packages',
        },
      ],
      yields: { packages: { ...composer, foundBy: ['lock-file'], states: ['declared'] } },
    },
    {
      reader: pearReader,
      summary: 'the registry of PEAR and PECL',
      files: [
        { pattern: '**/.registry/*.reg', example: 'usr/share/php/.registry/archive_tar.reg' },
        {
          pattern: '**/.registry/.channel.*/*.reg',
          example: 'usr/share/php/.registry/.channel.pecl.php.net/redis.reg',
        },
      ],
      yields: {
        packages: {
          purlTypes: ['pear'],
          purl: 'pkg:pear/<channel>/<name>@<version>',
          foundBy: ['database'],
          states: ['installed'],
          details: ['licenses'],
        },
      },
    },
  ],
  unread: [
    {
      pattern: '**/composer.json',
      example: 'srv/app/composer.json',
      reason: 'requirements without resolved versions',
    },
    {
      pattern: '**/composer/installed.php',
      example: 'srv/app/vendor/composer/installed.php',
      reason: 'the same packages as in `installed.json`, as a program',
    },
    {
      pattern: '**/wp-content/plugins/*/readme.txt',
      example: 'var/www/wp-content/plugins/akismet/readme.txt',
      reason: 'plugins and themes of WordPress',
    },
    { pattern: '**/*.phar', example: 'usr/local/bin/composer.phar', reason: 'PHP archives' },
  ],
  gaps: ['Composer: authors, digests and file lists are not read.'],
};
