/**
 * Throws out of the cache what was used the longest ago, until its file is small enough, and gives
 * the room back to the disk.
 *
 * What is measured is the pages of the file, which is known without looking at rows. Rows go in
 * order of use across all tables, by a threshold, so that a round is one pass over what is left; in
 * slices of the keys, so that no other process waits long for the lock and the log of SQLite stays
 * a part of the file.
 */
import type { DatabaseSync } from 'node:sqlite';

/** With the least share each, they leave less than one row of a million. */
const roundsMax = 128;
/** Of all rows, in one round. */
const shareLeast = 1 / 8;
const slices = 16;
const pagesAtOnce = 4_096;
const afterAllDigests = Buffer.alloc(64, 0xff);

const countRows =
  'SELECT (SELECT count(*) FROM parts) + (SELECT count(*) FROM verdicts)' +
  ' + (SELECT count(*) FROM files) AS value';
const findThreshold = `
  SELECT used AS value FROM (
    SELECT used FROM parts UNION ALL SELECT used FROM verdicts UNION ALL SELECT used FROM files)
  ORDER BY used LIMIT 1 OFFSET ?`;

export function trimDatabase(database: DatabaseSync, maxBytes: number): void {
  let isTrimmed = false;
  for (let round = 0; round < roundsMax; round += 1) {
    const bytes = usedBytes(database);
    const rows = bytes <= maxBytes ? 0 : readNumber(database, countRows);
    if (rows === 0) break;
    // Half of what is too much, since the oldest rows may be the largest.
    const share = Math.max(shareLeast, (bytes - maxBytes) / bytes / 2);
    const threshold = readNumber(database, findThreshold, Math.floor(rows * share));
    deleteUntil(database, threshold);
    isTrimmed = true;
  }
  if (isTrimmed) giveBack(database);
}

/** Of the file, without pages that wait to be used again. */
function usedBytes(database: DatabaseSync): number {
  const pages =
    readNumber(database, 'SELECT page_count AS value FROM pragma_page_count') -
    readNumber(database, 'SELECT freelist_count AS value FROM pragma_freelist_count');
  return pages * readNumber(database, 'SELECT page_size AS value FROM pragma_page_size');
}

function deleteUntil(database: DatabaseSync, threshold: number): void {
  database.prepare('DELETE FROM parts WHERE used <= ?').run(threshold);
  database.prepare('DELETE FROM files WHERE used <= ?').run(threshold);
  const slice = database.prepare(
    'DELETE FROM verdicts WHERE sha256 >= ? AND sha256 < ? AND used <= ?',
  );
  const bound = (at: number): Buffer =>
    at < slices ? Buffer.from([(at * 256) / slices]) : afterAllDigests;
  for (let at = 0; at < slices; at += 1) slice.run(bound(at), bound(at + 1), threshold);
}

/** A file that gives nothing back is left as it is. */
function giveBack(database: DatabaseSync): void {
  const free = (): number =>
    readNumber(database, 'SELECT freelist_count AS value FROM pragma_freelist_count');
  for (let before = free(); before > 0;) {
    database.exec(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
    const after = free();
    if (after >= before) return;
    before = after;
  }
}

function readNumber(database: DatabaseSync, query: string, ...values: number[]): number {
  const value = database.prepare(query).get(...values)?.['value'];
  return typeof value === 'number' ? value : 0;
}
