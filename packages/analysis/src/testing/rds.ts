/** A small software reference as the NSRL publishes it, for tests: release 3, minimal or full. */
import { DatabaseSync } from 'node:sqlite';

export interface RdsFile {
  readonly sha256: string;
  readonly sha1?: string;
  readonly md5?: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly packageId: number;
}

export interface RdsPackage {
  readonly packageId: number;
  readonly name: string;
  readonly version: string;
  readonly applicationType: string;
}

export interface RdsContent {
  readonly files: readonly RdsFile[];
  readonly packages: readonly RdsPackage[];
}

export interface RdsOptions {
  /** `full` keeps digests in METADATA, and FILE is a view. */
  readonly layout: 'minimal' | 'full';
  /** Some releases have it in the primary key, some not. */
  readonly crc32?: boolean;
  readonly version?: string;
}

/** Writes the database to a new file. Digests are stored in upper case, as published. */
export function writeRds(path: string, content: RdsContent, options: RdsOptions): void {
  const database = new DatabaseSync(path);
  const { layout, crc32 = true, version = '2026.09.1' } = options;
  database.exec(sharedTables);
  database.exec(layout === 'minimal' ? minimalTable(crc32) : fullTables);
  database.exec('BEGIN');
  database
    .prepare('INSERT INTO VERSION VALUES (?, ?, ?, ?, ?)')
    .run(version, `modern ${layout}`, '2026-08-30', '2026-09-01', 'a set for tests');
  const addPackage = database.prepare('INSERT INTO PKG VALUES (?, ?, ?, 1, 1, ?, ?)');
  for (const { packageId, name, version: edition, applicationType } of content.packages) {
    addPackage.run(packageId, name, edition, 'English', applicationType);
    // The real tables repeat a package for each language.
    addPackage.run(packageId, name, edition, 'French', applicationType);
  }
  for (const [at, file] of content.files.entries()) addFile(database, { file, at, layout, crc32 });
  database.exec('COMMIT');
  database.close();
}

const sharedTables = `
  CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR, build_date TIMESTAMP,
    release_date TIMESTAMP, description VARCHAR);
  CREATE TABLE OS (operating_system_id INTEGER, name VARCHAR, version VARCHAR,
    manufacturer_id INTEGER);
  CREATE TABLE MFG (manufacturer_id INTEGER, name VARCHAR);
  CREATE TABLE PKG (package_id INTEGER, name VARCHAR, version VARCHAR,
    operating_system_id INTEGER, manufacturer_id INTEGER, language VARCHAR,
    application_type VARCHAR,
    PRIMARY KEY (package_id, name, version, operating_system_id, manufacturer_id, language,
      application_type));`;

const fullTables = `
  CREATE TABLE METADATA (metadata_id INTEGER PRIMARY KEY, package_id INTEGER, sha256 VARCHAR,
    sha1 VARCHAR, md5 VARCHAR, crc32 VARCHAR, extension VARCHAR, file_name VARCHAR,
    file_size INTEGER);
  CREATE INDEX METADATA_sha256 ON METADATA (sha256);
  CREATE VIEW FILE AS SELECT sha256, sha1, md5, crc32, file_name, file_size, package_id
    FROM METADATA;`;

function minimalTable(crc32: boolean): string {
  const columns = ['sha256', 'sha1', 'md5', ...(crc32 ? ['crc32'] : []), 'file_name'];
  return `CREATE TABLE FILE (${columns.map((name) => `${name} VARCHAR NOT NULL`).join(', ')},
    file_size BIGINT NOT NULL, package_id INTEGER NOT NULL,
    PRIMARY KEY (${columns.join(', ')}, file_size, package_id));
    CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5 FROM FILE;`;
}

interface Row {
  readonly file: RdsFile;
  readonly at: number;
  readonly layout: RdsOptions['layout'];
  readonly crc32: boolean;
}

function addFile(database: DatabaseSync, { file, at, layout, crc32 }: Row): void {
  const { sha256, sha1 = '0'.repeat(40), md5 = '0'.repeat(32), fileName, sizeBytes } = file;
  const digests = [sha256, sha1, md5].map((digest) => digest.toUpperCase());
  if (layout === 'full') {
    database
      .prepare('INSERT INTO METADATA VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(at, file.packageId, ...digests, '00000000', '', fileName, sizeBytes);
    return;
  }
  const values = [...digests, ...(crc32 ? ['00000000'] : []), fileName, sizeBytes, file.packageId];
  database.prepare(`INSERT INTO FILE VALUES (${values.map(() => '?').join(', ')})`).run(...values);
}
