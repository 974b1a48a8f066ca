import { scanLimits } from '../limits.ts';
import type { ScannerModule } from '../scanner-module.ts';
import { createYaraScanner } from './scanner.ts';

export const yaraModule: ScannerModule = {
  capabilities: {
    title: 'YARA',
    looksFor:
      'what your rules describe. Severity and class come from the metadata of a rule (`severity`, ' +
      '`score`, `class`, `category`) or its tags; without them a match is malware of severity high',
    finds: 'any',
    files: 'Every file.',
    examples: {
      examined: [
        { path: 'usr/bin/tool', kind: 'elf', mode: 0o755 },
        { path: 'srv/index.html', kind: 'html' },
        { path: 'srv/a.zip', kind: 'zip' },
      ],
      skipped: [],
    },
    maxFileBytes: scanLimits.yaraFileBytes,
    signatures:
      'Your rule files, and `.yar` and `.yara` files below directories. Rules are compiled by YARA-X, ' +
      'which ships with the product, without the network. No rules are included.',
    freshness:
      'Rules have no age. They are identified by a digest of their names and texts: a changed rule ' +
      'causes a new scan. Rules that do not compile make the scanner unhealthy.',
    gaps: [
      'External variables (`filename`, `filepath`, `extension`) and the module `magic` are not ' +
        'available: rules that use them do not compile.',
      'Conditions of the module `cuckoo` never hold: files are not executed.',
      '`include` is refused: name the files instead.',
      'A file that takes longer than 30 seconds is a gap.',
      'Rules for the memory of processes have nothing to match.',
    ],
  },
  create: ({ yaraRules = [] }) => createYaraScanner({ rules: yaraRules, workers: 1 }),
};
