import { scanLimits } from '../limits.ts';
import type { ScannerModule } from '../scanner-module.ts';
import { createClamav } from './create-clamav.ts';

export const clamavModule: ScannerModule = {
  capabilities: {
    title: 'ClamAV',
    looksFor:
      'malware, and potentially unwanted applications if clamd is configured to detect them (`PUA.*`)',
    finds: ['malware', 'dual-use'],
    files: 'Every file. They are streamed to clamd, which needs no access to them.',
    examples: {
      examined: [
        { path: 'usr/bin/tool', kind: 'elf', mode: 0o755 },
        { path: 'srv/index.html', kind: 'html' },
        { path: 'srv/a.zip', kind: 'zip' },
      ],
      skipped: [],
    },
    maxFileBytes: scanLimits.scanFileBytes,
    signatures:
      'What clamd has loaded: the official databases of `freshclam`, and third-party or own ones ' +
      'in its database directory.',
    freshness:
      'Signatures older than 14 days, or of unknown age, make the scanner unhealthy, as does a ' +
      'clamd that does not detect the EICAR test file. After a reload in the middle of a scan the ' +
      'file is scanned again.',
    gaps: [
      'Files above `MaxFileSize` of clamd (100 MiB by default) are a gap unless `AlertExceedsMax` is ' +
        'set, because clamd answers OK without having examined them.',
      'Limits that clamd reports for archives, and encrypted archives, are gaps.',
      'Own signatures are noticed through the database directory of clamd only: over the network ' +
        'their changes do not cause a new scan.',
    ],
  },
  create: createClamav,
};
