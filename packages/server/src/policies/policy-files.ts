/**
 * Policies from files: `NAME.yaml` in the directory of policies is in the project `default`,
 * `PROJECT/NAME.yaml` in that project. Files are read every few seconds. A file with a fault
 * changes nothing: the last good version stays in force, and the fault is shown.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Problem, policyName } from '@lazaret/protocol';
import { policyLimits, type PolicyFault } from '@lazaret/policy';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { Logger } from 'pino';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { listProjectNames } from '../access/index.ts';
import { checkDocument, toStoredFault } from './check-document.ts';
import { sha256Of } from './default-policy.ts';
import { judgingLimits } from './limits.ts';
import { addPolicy, applyWithin, removeWithin } from './store-policies.ts';

export interface FileParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** Of policies. */
  readonly directory: string;
}

/** A file as it is now: its text, or why it cannot be read. */
interface PolicyFile {
  /** Relative to the directory. */
  readonly path: string;
  readonly project: string;
  readonly text: string | undefined;
  readonly failure: string;
}

const actor = 'file';

/** Applies what changed since the last call. Returns whether anything did. */
export async function syncPolicyFiles(parts: FileParts): Promise<boolean> {
  const files = await readFiles(parts);
  // A directory that cannot be listed removes nothing.
  if (files === undefined) return false;
  return transaction(parts.database, async (trx) => {
    const stored = await trx
      .selectFrom('policies as p')
      .leftJoin('policy_versions as v', (join) =>
        join.onRef('v.policy', '=', 'p.id').onRef('v.version', '=', 'p.version'),
      )
      .selectAll('p')
      .select('v.sha256')
      .where('p.source', '=', 'file')
      .where('p.removed_at', 'is', null)
      .forUpdate('p')
      .execute();
    let hasChanged = false;
    for (const row of stored.filter(({ file }) => !files.some(({ path }) => path === file))) {
      await removeWithin(trx, row, actor);
      hasChanged = true;
    }
    for (const file of files) {
      const row = stored.find((one) => one.file === file.path);
      if (await syncFile(trx, file, row)) hasChanged = true;
    }
    return hasChanged;
  });
}

interface StoredFile extends Selectable<Database['policies']> {
  readonly sha256: string | null;
}

async function syncFile(
  trx: Transaction<Database>,
  file: PolicyFile,
  row: StoredFile | undefined,
): Promise<boolean> {
  const sha256 = sha256Of(file.text ?? file.failure);
  if (row !== undefined && isKnown(row, sha256)) return false;
  const { policy, faults } =
    file.text === undefined ? unreadable(file.failure) : checkDocument(file.text);
  if (policy === undefined) return refuse(trx, { file, row, faults, sha256 });
  return applyFile(trx, { file, row, sha256 }, policy.name);
}

async function applyFile(
  trx: Transaction<Database>,
  { file, row, sha256 }: Omit<Refusal, 'faults'>,
  name: string,
): Promise<boolean> {
  try {
    // The document has another name now: that is another policy.
    if (row !== undefined && row.name !== name) await removeWithin(trx, row, actor);
    const { path, project, text = '' } = file;
    await applyWithin(trx, { project, document: text, actor, file: path }, name);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const known = row?.name === name ? row : undefined;
    return refuse(trx, { file, row: known, faults: unreadable(error.message).faults, sha256 });
  }
}

/** Applied or refused already, as it is now. */
function isKnown(row: StoredFile, sha256: string): boolean {
  return row.problem === null ? row.sha256 === sha256 : row.problem_sha256 === sha256;
}

function unreadable(message: string): ReturnType<typeof checkDocument> {
  return { faults: [{ line: undefined, column: undefined, path: '', message }] };
}

interface Refusal {
  readonly file: PolicyFile;
  readonly row: StoredFile | undefined;
  readonly faults: readonly PolicyFault[];
  readonly sha256: string;
}

async function refuse(
  trx: Transaction<Database>,
  { file, row, faults, sha256 }: Refusal,
): Promise<boolean> {
  const { project, path } = file;
  const id = row?.id ?? (await addUnnamed(trx, file));
  if (id === undefined) return false;
  await trx
    .updateTable('policies')
    .set({
      problem: JSON.stringify(faults.map(toStoredFault)),
      ...{ problem_sha256: sha256, problem_since: sql<Date>`now()` },
    })
    .where('id', '=', id)
    .execute();
  const [first] = faults;
  const data = { file: path, detail: describeFault(first), version: row?.version ?? null };
  await appendEvents(trx, [{ type: 'policy.refused', subject: path, actor, project, data }]);
  return true;
}

/** A file that never was valid is listed by the name of the file; undefined if that is taken. */
async function addUnnamed(
  trx: Transaction<Database>,
  { project, path }: PolicyFile,
): Promise<string | undefined> {
  const stem = path.replace(/^.*\//, '').replace(suffix, '').toLowerCase();
  const name = policyName.safeParse(stem.replaceAll(/[^a-z0-9-]+/g, '-').replace(/^-|-$/g, ''));
  if (!name.success) return undefined;
  const taken = await trx
    .selectFrom('policies')
    .select(['id', 'removed_at', 'version'])
    .where('project', '=', project)
    .where('name', '=', name.data)
    .executeTakeFirst();
  if (taken === undefined) return addPolicy(trx, { project, name: name.data, actor, file: path });
  if (taken.removed_at === null) return undefined;
  await trx
    .updateTable('policies')
    .set({ removed_at: null, version: null, source: 'file', file: path, changed_by: actor })
    .where('id', '=', taken.id)
    .execute();
  return taken.id;
}

function describeFault(fault: PolicyFault | undefined): string {
  if (fault === undefined) return '';
  const { line, column, message } = toStoredFault(fault);
  return line === null ? message : `line ${line}, column ${column ?? 1}: ${message}`;
}

const suffix = /\.ya?ml$/;

/** Undefined if the directory cannot be listed. */
async function readFiles({ directory, database, log }: FileParts) {
  try {
    const projects = await listProjectNames(database);
    const folders = [
      { folder: '', project: 'default' },
      ...projects.map((name) => ({ folder: name, project: name })),
    ];
    const found = await Promise.all(
      folders.map(async ({ folder, project }) => {
        const names = await listYaml(join(directory, folder), folder !== '');
        return Promise.all(
          names.map((name) => readOne(directory, { path: join(folder, name), project })),
        );
      }),
    );
    return found.flat().slice(0, judgingLimits.policies);
  } catch (error) {
    log.warn({ err: error, directory }, 'the directory of policies cannot be read');
    return undefined;
  }
}

async function listYaml(directory: string, isOptional: boolean): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .filter((name) => suffix.test(name) && !/^\.|\.test\.ya?ml$/.test(name))
      .toSorted();
  } catch (error) {
    if (isOptional && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readOne(
  directory: string,
  { path, project }: { readonly path: string; readonly project: string },
): Promise<PolicyFile> {
  try {
    const file = await open(join(directory, path), 'r');
    try {
      const { size } = await file.stat();
      if (size > policyLimits.documentBytes) {
        const failure = `the file is larger than ${policyLimits.documentBytes} bytes`;
        return { path, project, text: undefined, failure };
      }
      return { path, project, text: await file.readFile('utf8'), failure: '' };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { path, project, text: undefined, failure: `the file cannot be read: ${code}` };
  }
}
