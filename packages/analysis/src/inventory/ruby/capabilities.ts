import type { Ecosystem } from '../ecosystem.ts';
import { gemfileLockReader, gemspecReader } from './ruby.ts';

const gem = { purlTypes: ['gem'], purl: 'pkg:gem/<name>@<version>?platform=<platform>' } as const;

export const rubyEcosystem: Ecosystem = {
  name: 'ruby',
  title: 'Ruby (RubyGems, Bundler)',
  group: 'language',
  readers: [
    {
      reader: gemspecReader,
      summary: 'the specifications of installed gems',
      files: [
        {
          pattern: '**/specifications/*.gemspec',
          example: 'usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec',
        },
        {
          pattern: '**/specifications/default/*.gemspec',
          example: 'usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec',
        },
      ],
      yields: {
        packages: {
          ...gem,
          foundBy: ['metadata'],
          states: ['installed'],
          details: ['licenses', 'supplier', 'dependsOn'],
        },
      },
    },
    {
      reader: gemfileLockReader,
      summary: 'lock files of Bundler',
      files: ['Gemfile.lock', 'gems.locked'].map((name) => ({
        pattern: `**/${name}`,
        example: `srv/app/${name}`,
      })),
      except: [
        {
          pattern: '**/gems/*-*/**/Gemfile.lock',
          example: 'usr/lib/ruby/gems/3.1.0/gems/rake-13.0.6/Gemfile.lock',
          reason: 'leftovers of the authors of installed gems',
        },
      ],
      yields: { packages: { ...gem, foundBy: ['lock-file'], states: ['declared'], details: [] } },
    },
  ],
  unread: [
    {
      pattern: '**/{Gemfile,gems.rb}',
      example: 'srv/app/Gemfile',
      reason: 'requirements without resolved versions',
    },
    {
      pattern: '**/gems/*/*.gemspec',
      example: 'usr/lib/ruby/gems/3.1.0/gems/rake-13.0.6/rake.gemspec',
      reason: 'sources of specifications, which are programs; gems from git have no other',
    },
    {
      pattern: '**/*.gem',
      example: 'usr/lib/ruby/gems/3.1.0/cache/rake-13.0.6.gem',
      reason: 'packed gems; scanners see their content',
    },
  ],
  gaps: [
    'Specifications are not executed: a name or version that is not a literal is a gap.',
    'Lock files: licences, dependencies and groups are not read.',
  ],
};
