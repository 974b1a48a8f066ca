import { scanLimits } from '../limits.ts';
import type { ScannerModule } from '../scanner-module.ts';
import { fileRules } from './file-rules.ts';
import { secretRules } from './find-secrets.ts';
import { createSecretsScanner } from './secrets-scanner.ts';

export const secretsModule: ScannerModule = {
  capabilities: {
    title: 'Secrets',
    looksFor:
      'private keys, tokens and passwords. Placeholders, examples and files of tests are of severity ' +
      'info, with the reason. The evidence shows the secret masked',
    finds: ['secret'],
    files:
      'Every file that is not empty, compressed, a picture, a font, audio or video; the members of ' +
      'archives are separate files. In executables and other binary files only rules are used ' +
      'that cannot match random bytes.',
    examples: {
      examined: [
        { path: 'srv/.env', kind: 'text' },
        { path: 'usr/bin/tool', kind: 'elf', mode: 0o755 },
        { path: 'srv/data.db', kind: 'data' },
      ],
      skipped: [
        { path: 'srv/.keep', kind: 'empty', sizeBytes: 0 },
        { path: 'srv/a.zip', kind: 'zip' },
        { path: 'srv/logo.png', kind: 'png' },
      ],
    },
    maxFileBytes: scanLimits.secretFileBytes,
    signatures:
      `${secretRules.length + fileRules.length} rules that ship with the product, listed below; ` +
      `${fileRules.length} of them read files that are known by their name.`,
    freshness: 'Rules change with the version of the product, which then scans again.',
    gaps: [
      'Own rules cannot be added here: use YARA.',
      'Whether a secret is still valid is not checked: nothing is sent anywhere.',
      `More than ${scanLimits.secretFindings} secrets in one file are a gap.`,
      'Secrets that are split, encoded or encrypted are not found, except base64 runs in text files ' +
        'and UTF-16.',
    ],
  },
  create: () => createSecretsScanner(),
};
