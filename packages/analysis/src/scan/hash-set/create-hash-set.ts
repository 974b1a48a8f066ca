/** Creates the scanner `hash-set` from its settings: opens lists and software reference. */
import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';

import { readListText } from '../lists/read-list.ts';
import type { GivenScannerSettings, ScannerSurroundings } from '../scanner-module.ts';
import type { Scanner } from '../scanner.ts';
import { makeHashList } from './hash-list.ts';
import type { HashList } from './hash-list.ts';
import { createHashSetScanner } from './hash-set-scanner.ts';
import { parseHashList } from './parse-hash-list.ts';
import { SealedSet, sealedMagic } from './sealed-set.ts';
import { openSoftwareReference } from './software-reference.ts';
import type { SoftwareReference } from './software-reference.ts';

export function createHashSet(
  { denyLists = [], allowLists = [], softwareReference }: GivenScannerSettings,
  { now }: ScannerSurroundings,
): Scanner {
  const missing: string[] = [];
  const lists: HashList[] = [];
  const sealed: SealedSet[] = [];
  const attempt = (path: string, open: () => void): void => {
    try {
      open();
    } catch (error) {
      missing.push(`${path}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
  };
  const open = (path: string, kind: HashList['kind']): void =>
    attempt(path, () => {
      if (isSealed(path)) sealed.push(SealedSet.open(path));
      else {
        const terms = { name: basename(path), kind };
        lists.push(makeHashList(terms, parseHashList(readListText(path))));
      }
    });
  for (const path of denyLists) open(path, 'deny');
  for (const path of allowLists) open(path, 'allow');
  let reference: SoftwareReference | undefined;
  if (softwareReference !== undefined) {
    attempt(softwareReference, () => (reference = openSoftwareReference(softwareReference)));
  }
  const sources = { lists, sealed, missing, now };
  return createHashSetScanner(reference === undefined ? sources : { ...sources, reference });
}

function isSealed(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(sealedMagic.length);
    readSync(file, head, 0, head.length, 0);
    return head.equals(sealedMagic);
  } finally {
    closeSync(file);
  }
}
