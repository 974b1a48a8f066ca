import type { ScannerModule } from '../scanner-module.ts';
import { createHashSet } from './create-hash-set.ts';
import { tellingBytes } from './reputation.ts';

export const hashSetModule: ScannerModule = {
  capabilities: {
    title: 'Hash sets',
    looksFor:
      'files on your deny lists (`known-bad`), and known tools for attacks, surveillance or remote ' +
      'administration in the NSRL (`dual-use`). Being on an allow list or in the NSRL means known, ' +
      'not harmless, and takes no finding away',
    finds: ['known-bad', 'dual-use'],
    files: 'Every file that is not empty, by its SHA-256, SHA-1 and MD5, however large it is.',
    examples: {
      examined: [
        { path: 'usr/bin/tool', kind: 'elf', mode: 0o755 },
        { path: 'srv/disk.img', kind: 'data', sizeBytes: 2 ** 40 },
      ],
      skipped: [{ path: 'srv/.keep', kind: 'empty', sizeBytes: 0 }],
    },
    maxFileBytes: undefined,
    signatures:
      'Your lists: one digest a line, hashdeep, CSV with a header, MISP events as JSON or CSV, sealed ' +
      'sets; and one NSRL database (RDS v3, SQLite).',
    freshness:
      'A sealed set may have an expiry and is ignored after it; lists have no age. A changed list ' +
      'causes a new look-up. A list that cannot be opened, or a deny list with lines without a ' +
      'digest, makes the scanner unhealthy.',
    gaps: [
      'No command makes sealed sets yet.',
      'A single changed byte is another digest: use `similarity` or YARA for variants.',
      'Matches by SHA-1 or MD5 alone are of severity medium, because they can be forged.',
      `Files below ${tellingBytes} bytes are equal too often: matches are of severity low.`,
      'The file as a whole is looked up, and each member of nested archives, but no parts of a file.',
    ],
  },
  create: createHashSet,
};
