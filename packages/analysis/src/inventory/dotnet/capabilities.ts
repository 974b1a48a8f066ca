import type { Ecosystem } from '../ecosystem.ts';
import { dotnetAssemblyReader } from './dotnet-assembly.ts';
import { dotnetDependenciesReader, nugetLockReader } from './dotnet.ts';

const nuget = { purlTypes: ['nuget'], purl: 'pkg:nuget/<name>@<version>' } as const;

export const dotnetEcosystem: Ecosystem = {
  name: 'dotnet',
  title: '.NET (NuGet)',
  group: 'language',
  readers: [
    {
      reader: dotnetDependenciesReader,
      summary: 'what a program was published with, and the runtime',
      files: [{ pattern: '**/*.deps.json', example: 'app/Web.deps.json' }],
      yields: {
        packages: {
          ...nuget,
          foundBy: ['metadata'],
          states: ['installed'],
          details: ['dependsOn'],
        },
      },
    },
    {
      reader: nugetLockReader,
      summary: 'lock files and restore results of NuGet',
      files: ['packages.lock.json', 'project.assets.json', 'packages.config'].map((name) => ({
        pattern: `**/${name}`,
        example: `src/app/${name}`,
      })),
      yields: {
        packages: {
          ...nuget,
          foundBy: ['lock-file'],
          states: ['declared'],
          details: ['dependsOn'],
        },
      },
    },
    {
      reader: dotnetAssemblyReader,
      summary: 'the version resource of managed assemblies',
      files: ['dll', 'exe'].map((ending) => ({
        pattern: `**/*.${ending}`,
        example: `app/Newtonsoft.Json.${ending}`,
        content: { format: 'PE', magic: ['MZ'] },
      })),
      yields: {
        packages: {
          ...nuget,
          foundBy: ['metadata'],
          states: ['installed'],
          details: ['supplier'],
        },
      },
    },
  ],
  unread: [
    {
      pattern: '**/*.{csproj,fsproj,vbproj,props}',
      example: 'src/app/app.csproj',
      reason: 'requirements without resolved versions',
    },
    {
      pattern: '**/paket.lock',
      example: 'src/app/paket.lock',
      reason: 'lock files of Paket',
    },
    {
      pattern: '**/*.{nupkg,nuspec}',
      example: 'opt/nuget/tool.1.0.0.nupkg',
      reason: 'packages that are not part of a program; scanners see their content',
    },
  ],
  gaps: [
    'The name of an assembly may differ from the name of its package; `*.deps.json` is exact.',
    'Programs published as a single file list only what their own version resource says.',
    'Licences are not read.',
  ],
};
