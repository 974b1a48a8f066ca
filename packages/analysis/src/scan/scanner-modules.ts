/** Every scanner. To add one, add its settings, its folder and its line here. */
import type { ScannerId } from '@lazaret/protocol';

import { clamavModule } from './clamav/capabilities.ts';
import { hashSetModule } from './hash-set/capabilities.ts';
import type { ScannerModule } from './scanner-module.ts';
import { secretsModule } from './secrets/capabilities.ts';
import { similarityModule } from './similarity/capabilities.ts';
import { yaraModule } from './yara/capabilities.ts';

export const scannerModules: Readonly<Record<ScannerId, ScannerModule>> = {
  clamav: clamavModule,
  yara: yaraModule,
  'hash-set': hashSetModule,
  similarity: similarityModule,
  secrets: secretsModule,
};
