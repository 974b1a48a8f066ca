/** The databases of rpm in its three formats, in the directories of all distributions. */
import type { Fact } from '@lazaret/protocol';

import { baseName } from '@lazaret/oci';
import { analysisLimits } from '../../limits.ts';
import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import { countPackages } from '../system/package-count.ts';
import { plainWord } from '../parsing/package-text.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import { readHash } from './berkeley-hash.ts';
import { parseHeader } from './header-blob.ts';
import { readNdb } from './ndb.ts';
import { describeHeader, rpmFact } from './rpm-package.ts';
import { readTable } from './sqlite-table.ts';

const directory = '(?:^|/)(?:var/lib/rpm|usr/lib/sysimage/rpm|usr/share/rpm)';
const databasePath = new RegExp(`${directory}/(?:Packages|Packages\\.db|rpmdb\\.sqlite)$`);
const logPath = new RegExp(`${directory}/rpmdb\\.sqlite-wal$`);
const manifestPath = /(?:^|\/)var\/lib\/rpmmanifest\/container-manifest-2$/;
/** A log of SQLite without frames. */
const logHeaderBytes = 32;

export const rpmReader: Reader = {
  id: 'rpm',
  version: 1,
  wants: { names: ['Packages', 'Packages.db', 'rpmdb.sqlite'] },
  accepts: ({ path }) => databasePath.test(path),
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    const warnings = createParseWarnings({ reader: 'rpm', path: file.path, emit });
    const place = { path: file.path, warnings, owned: createOwnedFiles(warnings) };
    const count = countPackages();
    for (const blob of headerBlobs(file, warnings)) {
      count();
      try {
        for (const fact of describeHeader(parseHeader(blob), place)) emit(fact);
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
        warnings.add(error.reason, error.message);
      } finally {
        place.owned.take();
      }
    }
  },
};

/**
 * Changes that SQLite has not yet checkpointed into the database are in a separate file. They
 * are not merged, so their content is missing.
 */
export const rpmLogReader: Reader = {
  id: 'rpm-log',
  version: 1,
  wants: { names: ['rpmdb.sqlite-wal'] },
  accepts: ({ path }) => logPath.test(path),
  maxBytes: analysisLimits.readerFileBytes,
  read({ path, bytes }, emit) {
    if (bytes.length <= logHeaderBytes) return;
    emit({
      kind: 'diagnostic',
      path,
      reader: 'rpm-log',
      reason: 'missing_part',
      detail: `${bytes.length} bytes of changes are not yet in the package database`,
    });
  },
};

/** The list that Azure Linux writes to images without rpm: lines of tab-separated fields. */
export const rpmManifestReader: Reader = {
  id: 'rpm-manifest',
  version: 1,
  wants: { names: ['container-manifest-2'] },
  accepts: ({ path }) => manifestPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: readManifest,
};

function* headerBlobs(
  { path, bytes }: WholeFile,
  warnings: ParseWarnings,
): Generator<Buffer, void, undefined> {
  const options = { maxBytes: inventoryLimits.rpmHeaderBytes, onDamage: warnings.add };
  const base = baseName(path);
  if (base === 'Packages.db') yield* readNdb(bytes, warnings.add);
  else if (base === 'Packages') {
    // The value of the key 0 is the highest number given to a package.
    for (const { key, value } of readHash(bytes, options)) {
      if (key.length !== 4 || key.readUInt32LE(0) !== 0) yield value;
    }
  } else {
    for (const row of readTable(bytes, { table: 'Packages', ...options })) {
      const blob = row[1];
      if (Buffer.isBuffer(blob)) yield blob;
      else warnings.add('damaged', 'a row has no header');
    }
  }
}

/** Name, version-release, times, vendor, epoch, size, architecture, epoch as number, source. */
function readManifest({ path, bytes }: WholeFile, emit: (fact: Fact) => void): void {
  const warnings = createParseWarnings({ reader: 'rpm-manifest', path, emit });
  let number = 0;
  const count = countPackages();
  for (const { start, end } of linesOf(bytes)) {
    number += 1;
    if (start === end) continue;
    if (end - start > inventoryLimits.packageFieldBytes) {
      warnings.add('too_large', `line ${number} has ${end - start} bytes`);
      continue;
    }
    const fields = textOf(bytes, start, end).split('\t');
    const name = plainWord(fields[0], `the name of line ${number}`, warnings);
    const versionRelease = plainWord(fields[1], `the version of line ${number}`, warnings);
    if (name === undefined || versionRelease === undefined || name === 'gpg-pubkey') continue;
    count();
    const epoch = Number(fields[8] ?? '0');
    emit(
      rpmFact({
        ...{ path, name, versionRelease, architecture: known(fields[7]) },
        epoch: Number.isSafeInteger(epoch) && epoch > 0 ? epoch : 0,
        sourceRpm: known(fields[9]),
        supplier: known(fields[4]),
      }),
    );
  }
}

/** rpm writes `(none)` for what a package lacks. */
function known(text: string | undefined): string | undefined {
  return text === '' || text === '(none)' ? undefined : text;
}
