import type { DescribedReader, Ecosystem, UnreadFile, Yields } from '../ecosystem.ts';
import { pipfileLockReader, pythonLockReader, requirementsReader } from './python-lock.ts';
import { pythonEggReader, pythonReader, pythonRecordReader } from './python.ts';

const pypi = { purlTypes: ['pypi'], purl: 'pkg:pypi/<name>@<version>' } as const;
const installed: Yields = {
  packages: {
    ...pypi,
    foundBy: ['metadata'],
    states: ['installed'],
    details: ['licenses', 'supplier', 'dependsOn'],
  },
};
const declared: Yields = {
  packages: { ...pypi, foundBy: ['lock-file'], states: ['declared'], details: [] },
};

function inPackages(name: string): UnreadFile {
  return {
    pattern: `**/{site,dist}-packages/**/${name}`,
    example: `usr/lib/python3/dist-packages/tool/${name}`,
    reason: 'leftovers of the authors of installed packages',
  };
}

function declaredFiles(
  reader: DescribedReader['reader'],
  summary: string,
  names: readonly string[],
): DescribedReader {
  return {
    reader,
    summary,
    files: names.map((name) => ({ pattern: `**/${name}`, example: `srv/app/${name}` })),
    except: names.map(inPackages),
    yields: declared,
  };
}

export const pythonEcosystem: Ecosystem = {
  name: 'python',
  title: 'Python (pip, Poetry, uv, PDM, Pipenv)',
  group: 'language',
  readers: [
    {
      reader: pythonReader,
      summary: 'the metadata of installed distributions, wheels and eggs',
      files: [
        {
          pattern: '**/*.dist-info/METADATA',
          example: 'usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA',
        },
        {
          pattern: '**/*.egg-info/PKG-INFO',
          example: 'usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO',
        },
        {
          pattern: '**/EGG-INFO/PKG-INFO',
          example: 'opt/lib/tool-1.0-py3.11.egg/EGG-INFO/PKG-INFO',
        },
        {
          pattern: '**/*.egg-info',
          example: 'usr/lib/python3/dist-packages/pycairo-1.20.egg-info',
        },
      ],
      yields: installed,
    },
    {
      reader: pythonRecordReader,
      summary: 'the files of each installed distribution, and their digests',
      files: [
        {
          pattern: '**/*-*.dist-info/RECORD',
          example: 'usr/lib/python3/site-packages/requests-2.31.0.dist-info/RECORD',
        },
        {
          pattern: '**/*-*.egg-info/installed-files.txt',
          example: 'usr/lib/python3/site-packages/six-1.16.0-py3.11.egg-info/installed-files.txt',
        },
      ],
      yields: { ownedFiles: { digests: ['sha256'] } },
    },
    {
      reader: pythonEggReader,
      summary: 'zipped eggs',
      files: [{ pattern: '**/*.egg', example: 'opt/lib/tool-1.0-py3.11.egg' }],
      yields: installed,
    },
    declaredFiles(pythonLockReader, 'lock files of Poetry, uv, PDM, and PEP 751', [
      ...['poetry.lock', 'uv.lock', 'pdm.lock', 'pylock.toml'],
    ]),
    declaredFiles(pipfileLockReader, 'lock files of Pipenv', ['Pipfile.lock']),
    declaredFiles(requirementsReader, 'requirements with an exact version (`==`)', [
      ...['requirements.txt', 'requirements-dev.txt', 'requirements-prod.txt'],
    ]),
  ],
  unread: [
    {
      pattern: '**/{pyproject.toml,setup.py,setup.cfg,Pipfile}',
      example: 'srv/app/pyproject.toml',
      reason: 'requirements without resolved versions',
    },
    {
      pattern: '**/*.whl',
      example: 'srv/wheels/tool-1.0-py3-none-any.whl',
      reason: 'wheels that are not installed; scanners see their content',
    },
    {
      pattern: '**/pylock.*.toml',
      example: 'srv/app/pylock.dev.toml',
      reason: 'named lock files of PEP 751',
    },
    {
      pattern: '**/requirements/*.txt',
      example: 'srv/app/requirements/base.txt',
      reason: 'requirements files with other names',
    },
  ],
  gaps: [
    'Requirements with a range, a URL or `-r` are omitted: their packages are found where they are ' +
      'installed.',
    'Lock files: licences, digests, dependencies and groups (development, extras) are not read.',
    'Dependencies that an extra requires are omitted.',
  ],
};
