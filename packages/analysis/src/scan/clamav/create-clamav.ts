/** Creates the scanner `clamav` from its settings. */
import { existsSync } from 'node:fs';

import { parseClamdAddress } from '@lazaret/protocol';

import type { GivenScannerSettings, ScannerSurroundings } from '../scanner-module.ts';
import type { Scanner } from '../scanner.ts';
import { createClamavScanner } from './scanner.ts';

/** Sessions for one thread: clamd has ten threads by default, shared by all of ours. */
const clamdSessions = 4;
/** The signature directory of clamd on most systems; VERSION does not report custom ones. */
const usualDatabase = '/var/lib/clamav';

export function createClamav(
  { clamd = '', clamdDatabase }: GivenScannerSettings,
  { now }: ScannerSurroundings,
): Scanner {
  const endpoint = parseClamdAddress(clamd);
  if (endpoint === undefined) {
    throw new Error(`clamd: expected a socket or host:port, received ${JSON.stringify(clamd)}`);
  }
  const usual = 'socketPath' in endpoint && existsSync(usualDatabase) ? usualDatabase : undefined;
  const directory = clamdDatabase ?? usual;
  const options = { endpoint, now, sessions: clamdSessions };
  return createClamavScanner(
    directory === undefined ? options : { ...options, databaseDirectory: directory },
  );
}
