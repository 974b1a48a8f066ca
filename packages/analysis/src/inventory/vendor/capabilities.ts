import type { Ecosystem } from '../ecosystem.ts';
import { vendorInventoryReader } from './vendor-inventory.ts';

export const vendorEcosystem: Ecosystem = {
  name: 'vendor',
  title: 'Package lists of vendors (Bottlerocket, Container-Optimized OS)',
  group: 'system',
  readers: [
    {
      reader: vendorInventoryReader,
      summary: 'the list in place of a package database',
      files: [
        ...['usr/share/bottlerocket/application-inventory.json', 'etc/cos-package-info.json'],
      ].map((path) => ({ pattern: path, example: path })),
      yields: {
        packages: {
          purlTypes: ['rpm', 'generic'],
          purl: 'pkg:rpm/bottlerocket/<name>@<version>-<release>?arch=<architecture>, or pkg:generic/<category>/<name>@<version>',
          foundBy: ['database'],
          states: ['installed'],
          details: ['architecture', 'supplier'],
        },
      },
    },
  ],
  unread: [],
  gaps: [
    'The lists have no licences, dependencies or files.',
    'No advisories are matched for these systems.',
  ],
};
