import { readListText } from '../lists/read-list.ts';
import { scanLimits } from '../limits.ts';
import type { ScannerModule } from '../scanner-module.ts';
import { parseSimilarityList } from './similarity-list.ts';
import { createSimilarityScanner } from './similarity.ts';

export const similarityModule: ScannerModule = {
  capabilities: {
    title: 'Similarity digests',
    looksFor:
      'programs that resemble known malware, by TLSH, ssdeep and sdhash. A hint of severity low or ' +
      'info, never the reason for a malicious verdict',
    finds: ['similar'],
    files:
      'Programs: ELF, PE, Mach-O and other executables, scripts, and text files that may be executed.',
    examples: {
      examined: [
        { path: 'usr/bin/tool', kind: 'elf', mode: 0o755 },
        { path: 'usr/bin/run', kind: 'script' },
        { path: 'srv/run', kind: 'text', mode: 0o755 },
      ],
      skipped: [
        { path: 'srv/readme', kind: 'text', mode: 0o644 },
        { path: 'srv/a.zip', kind: 'zip' },
      ],
    },
    maxFileBytes: scanLimits.scanFileBytes,
    signatures: 'Your lists of digests with names, as CSV (`digest,name,source`) or JSON.',
    freshness:
      'Lists have no age. A changed list causes a new comparison. Rows without a digest make the ' +
      'scanner unhealthy.',
    gaps: [
      'Programs above 32 MiB are not compared by sdhash, which is a gap if a list has such digests.',
      'Small or packed programs have no meaningful digest and are not found.',
    ],
  },
  create: ({ similarityLists = [] }) => {
    const lists = similarityLists.map((path) => parseSimilarityList(readListText(path)));
    const entries = lists.flatMap((list) => list.entries);
    const skipped = lists.reduce((sum, list) => sum + list.skipped, 0);
    return createSimilarityScanner({ entries, skipped });
  },
};
