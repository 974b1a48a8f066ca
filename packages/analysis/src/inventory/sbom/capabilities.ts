import type { Ecosystem } from '../ecosystem.ts';
import { claimedSbomReader } from './claimed-sbom.ts';

export const sbomEcosystem: Ecosystem = {
  name: 'sbom',
  title: 'Bills of materials in the image',
  group: 'other',
  readers: [
    {
      reader: claimedSbomReader,
      summary:
        'SPDX 2 and CycloneDX in JSON, as a claim of the author of the image that was not verified',
      files: [
        { pattern: '**/*.spdx.json', example: 'usr/share/sbom/app.spdx.json' },
        { pattern: '**/*.cdx.json', example: 'usr/share/sbom/app.cdx.json' },
        { pattern: '**/.spdx-*.spdx', example: 'opt/bitnami/redis/.spdx-redis.spdx' },
        { pattern: '**/bom.json', example: 'srv/app/bom.json' },
        { pattern: '**/sbom.json', example: 'srv/app/sbom.json' },
      ],
      except: [
        {
          pattern: '**/*.spdx',
          example: 'usr/share/sbom/app.spdx',
          reason: 'SPDX in its tag-value format',
        },
      ],
      yields: {
        packages: {
          purlTypes: 'any',
          purl: 'that of the document, otherwise pkg:generic/<name>@<version>',
          foundBy: ['claim'],
          states: ['installed'],
          details: ['licenses'],
        },
      },
    },
  ],
  unread: [
    {
      pattern: '**/{bom.xml,*.cdx.xml}',
      example: 'usr/share/sbom/app.cdx.xml',
      reason: 'CycloneDX in XML',
    },
    {
      pattern: '**/*.syft.json',
      example: 'usr/share/sbom/app.syft.json',
      reason: 'formats of other tools',
    },
  ],
  gaps: [
    'SPDX 3 is not supported, and is a gap where the name of the file claims it.',
    'Dependencies, suppliers, digests and package URLs without a version are omitted.',
    'Bills of materials that a registry stores next to an image are mentioned and not read.',
  ],
};
