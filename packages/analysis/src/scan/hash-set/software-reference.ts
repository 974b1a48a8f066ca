/**
 * The NSRL's Reference Data Set, version 3, used in place: a SQLite database of files of known
 * software. Membership means known, neither good nor bad. Source: NIST, "RDSv3 schema"; the
 * minimal set has tables, the full one has views of the same names, and some releases lack columns,
 * so the layout is detected, not assumed.
 */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

import { scanLimits } from '../limits.ts';
import { flagsOf } from './hash-flags.ts';
import type { SealedEntry } from './sealed-set.ts';
import { categoriesOf, isUnwanted } from './tool-categories.ts';
import type { ToolCategory } from './tool-categories.ts';

/** The record of one file in the reference. */
export interface SoftwareRecord {
  /** `name version` of packages that contain the file, the first few. */
  readonly products: readonly string[];
  readonly packages: number;
  /** How many of them are tools that may be unwanted. */
  readonly toolPackages: number;
  readonly categories: readonly ToolCategory[];
}

export interface SoftwareReference {
  /** `2026.09.1 modern minimal`, from the database, and size and time of the file. */
  readonly release: string;
  /** The record of a file, undefined when there is none. Throws when the database fails. */
  find(sha256: string, sizeBytes: number): SoftwareRecord | undefined;
  close(): void;
}

const productsReported = 5;
const toolShare = 0.8;

/** Whether nearly all packages that contain a file are tools that may be unwanted. */
export function isMostlyTools(record: Pick<SoftwareRecord, 'packages' | 'toolPackages'>): boolean {
  return record.packages > 0 && record.toolPackages / record.packages >= toolShare;
}

/**
 * Every SHA-256 of the database in ascending order, for sealing it (write-sealed-set.ts). Reads one
 * row after the other; a set of hundreds of millions of rows takes its time.
 */
export function* readReferenceEntries(path: string): Generator<SealedEntry> {
  const database = openDatabase(path);
  try {
    const rows = database
      .prepare(`SELECT f.sha256 AS sha256, f.package_id AS id, p.application_type AS type
        FROM FILE f LEFT JOIN PKG p ON p.package_id = f.package_id ORDER BY f.sha256`)
      .iterate();
    let entry: OpenEntry | undefined;
    for (const row of rows) {
      const sha256 = textOf(row['sha256']).toLowerCase();
      if (sha256 !== entry?.sha256) {
        if (entry !== undefined) yield closeEntry(entry);
        entry = { sha256, packages: new Set(), tools: new Set(), categories: new Set() };
      }
      countPackage(entry, row['id'], textOf(row['type']));
    }
    if (entry !== undefined) yield closeEntry(entry);
  } finally {
    database.close();
  }
}

/**
 * Opens the database read-only and immutable: no lock, no journal, no other file written.
 * Throws an Error with the reason: missing tables, or no index for lookups by SHA-256.
 */
export function openSoftwareReference(path: string): SoftwareReference {
  const database = openDatabase(path);
  try {
    const statement = prepareSearch(database);
    const release = readRelease(database);
    const { size, mtimeMs } = statSync(path);
    return {
      release: `${release} (${size} bytes, ${Math.trunc(mtimeMs)})`,
      find: (sha256, sizeBytes) => findRecord(statement, sha256, sizeBytes),
      close: () => {
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

/** The state after the rows read so far of one file. */
interface OpenEntry {
  readonly sha256: string;
  readonly packages: Set<unknown>;
  readonly tools: Set<unknown>;
  readonly categories: Set<ToolCategory>;
}

function countPackage(entry: OpenEntry, id: unknown, type: string): void {
  // Very common files are in more packages than need to be counted.
  if (entry.packages.size >= scanLimits.referencePackages) return;
  entry.packages.add(id);
  const named = categoriesOf(type);
  for (const category of named) entry.categories.add(category);
  if (named.some(isUnwanted)) entry.tools.add(id);
}

function closeEntry({ sha256, packages, tools, categories }: OpenEntry): SealedEntry {
  const isTool = isMostlyTools({ packages: packages.size, toolPackages: tools.size });
  return { sha256, flags: flagsOf(isTool ? [...categories] : []) };
}

/** Builds the query from the existing columns. */
function prepareSearch(database: DatabaseSync): StatementSync {
  const [file, pkg] = [listColumns(database, 'FILE'), listColumns(database, 'PKG')];
  for (const needed of ['sha256', 'file_size', 'package_id']) {
    if (!file.has(needed))
      throw new Error(`not a software reference: FILE has no column ${needed}`);
  }
  const isJoined = pkg.has('package_id');
  const of = (name: string): string => (isJoined && pkg.has(name) ? `p.${name}` : "''");
  const join = isJoined ? 'LEFT JOIN PKG p ON p.package_id = f.package_id' : '';
  const columns = ['name', 'version', 'application_type'].map((name) => `${of(name)} AS ${name}`);
  const query = `SELECT DISTINCT f.package_id AS id, ${columns.join(', ')} FROM FILE f ${join}
    WHERE f.sha256 = ? AND f.file_size = ? LIMIT ${scanLimits.referencePackages}`;
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${query}`).all('', 0);
  // The small tables may be scanned; the one with hundreds of millions of rows may not.
  const details = plan.map(({ detail }) => String(detail));
  if (!details.some((detail) => /^SEARCH .*\bsha256=\?/.test(detail))) {
    throw new Error('the software reference has no index that begins with sha256');
  }
  return database.prepare(query);
}

function listColumns(database: DatabaseSync, table: 'FILE' | 'PKG'): ReadonlySet<string> {
  const rows = database.prepare(`PRAGMA table_info(${table})`).all();
  return new Set(rows.map(({ name }) => String(name).toLowerCase()));
}

function findRecord(
  statement: StatementSync,
  sha256: string,
  sizeBytes: number,
): SoftwareRecord | undefined {
  // Digests are stored in upper case.
  const rows = statement.all(sha256.toUpperCase(), sizeBytes);
  if (rows.length === 0) return undefined;
  const products = new Set<string>();
  const entry: OpenEntry = { sha256, packages: new Set(), tools: new Set(), categories: new Set() };
  for (const { id, name, version, application_type: type } of rows) {
    products.add(`${textOf(name)} ${textOf(version)}`.trim());
    countPackage(entry, id, textOf(type));
  }
  return {
    products: [...products].filter((product) => product !== '').slice(0, productsReported),
    packages: entry.packages.size,
    toolPackages: entry.tools.size,
    categories: [...entry.categories],
  };
}

function readRelease(database: DatabaseSync): string {
  const rows = database
    .prepare(`SELECT count(*) AS there FROM sqlite_master WHERE name = 'VERSION'`)
    .all();
  if (rows[0]?.['there'] === 0) return 'unnamed release';
  const row = database.prepare('SELECT * FROM VERSION ORDER BY release_date DESC LIMIT 1').get();
  const release = `${textOf(row?.['version'])} ${textOf(row?.['build_set'])}`.trim();
  return release === '' ? 'unnamed release' : release;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 500) : '';
}
