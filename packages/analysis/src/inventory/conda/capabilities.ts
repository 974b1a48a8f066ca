import type { Ecosystem } from '../ecosystem.ts';
import { condaReader } from './conda.ts';

export const condaEcosystem: Ecosystem = {
  name: 'conda',
  title: 'Conda',
  group: 'language',
  readers: [
    {
      reader: condaReader,
      summary: 'the record of each installed package',
      files: [
        {
          pattern: '**/conda-meta/*.json',
          example: 'opt/conda/conda-meta/openssl-3.0.8-h0b41bf4_0.json',
        },
      ],
      yields: {
        packages: {
          purlTypes: ['conda'],
          purl: 'pkg:conda/<name>@<version>?build=<build>&channel=<channel>&subdir=<platform>',
          foundBy: ['database'],
          states: ['installed'],
          details: ['licenses', 'dependsOn'],
        },
        ownedFiles: { digests: ['sha256'] },
      },
    },
  ],
  unread: [
    {
      pattern: '**/{environment.yml,conda-lock.yml,pixi.lock}',
      example: 'srv/app/environment.yml',
      reason: 'requirements and lock files',
    },
    {
      pattern: '**/pkgs/*/info/index.json',
      example: 'opt/conda/pkgs/openssl-3.0.8-h0b41bf4_0/info/index.json',
      reason: 'the package cache, which may have packages that are not installed',
    },
  ],
  gaps: [],
};
