/**
 * Evicts the least recently used cache entries until the file is small enough, and returns the
 * space to the file system.
 *
 * The size is measured in pages of the file, which needs no access to rows. Rows are deleted in
 * order of last use across all tables, by a threshold, so that a round is one pass; in slices of
 * the key range, so that other processes do not wait long for the lock and the write-ahead log
 * stays smaller than the file.
 */
import type { DatabaseSync } from 'node:sqlite';

/** With the minimum share each, they leave less than one row of a million. */
const roundsMax = 128;
/** Minimum share of all rows that a round deletes. */
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
    // Half of the excess, since the oldest rows may be the largest.
    const share = Math.max(shareLeast, (bytes - maxBytes) / bytes / 2);
    const threshold = readNumber(database, findThreshold, Math.floor(rows * share));
    deleteUntil(database, threshold);
    isTrimmed = true;
  }
  if (isTrimmed) releasePages(database);
}

/** Used bytes of the file, without free pages. */
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

/** A file without incremental vacuum is left unchanged. */
function releasePages(database: DatabaseSync): void {
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
