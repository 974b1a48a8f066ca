/** Changes of stored policies: applying a document as a new version, and removing. */
import { Problem } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { requireProject } from '../access/index.ts';
import { requireDocument } from './check-document.ts';
import { sha256Of } from './default-policy.ts';
import { judgingLimits } from './limits.ts';
import { raiseRevision } from './revision.ts';

export interface PolicyRequest {
  readonly project: string;
  readonly document: string;
  readonly actor: string;
  /** Path in the directory of policies; undefined for the API. */
  readonly file?: string;
  /** The version that has to be in force now; 0 for none. */
  readonly expectedVersion?: number | undefined;
}

/** Whether anything changed: the same document again is not a new version. */
export async function applyPolicy(
  database: Kysely<Database>,
  request: PolicyRequest,
): Promise<boolean> {
  const policy = requireDocument(request.document);
  return transaction(database, async (trx) => {
    await requireProject(trx, request.project);
    return applyWithin(trx, request, policy.name);
  });
}

export async function applyWithin(
  trx: Transaction<Database>,
  { project, document, actor, file, expectedVersion }: PolicyRequest,
  name: string,
): Promise<boolean> {
  const known = await lockPolicy(trx, { project, name });
  refuseOtherSource(known, file);
  refuseOtherVersion(known, name, expectedVersion);
  const sha256 = sha256Of(document);
  if (known !== undefined && known.removed_at === null && (await hasVersion(trx, known, sha256))) {
    await clearProblem(trx, known.id, file);
    return false;
  }
  const id = known?.id ?? (await addPolicy(trx, { project, name, actor, file }));
  const version = (await lastVersion(trx, id)) + 1;
  await trx
    .insertInto('policy_versions')
    .values({ policy: id, version, sha256, document, created_by: actor })
    .execute();
  await trx
    .updateTable('policies')
    .set({
      ...{ version, changed_by: actor, changed_at: sql<Date>`now()`, removed_at: null },
      ...{ source: file === undefined ? 'api' : 'file', file: file ?? null },
      ...{ problem: null, problem_sha256: null, problem_since: null },
    })
    .where('id', '=', id)
    .execute();
  const data = { version, sha256, ...(file !== undefined && { file }) };
  await appendEvents(trx, [{ type: 'policy.applied', subject: name, actor, project, data }]);
  const cause = `policy ${name} version ${version}`;
  await raiseRevision(trx, { project, trigger: 'policy', cause, causedBy: actor });
  return true;
}

type PolicyRow = Selectable<Database['policies']>;

function lockPolicy(
  trx: Transaction<Database>,
  { project, name }: { readonly project: string; readonly name: string },
): Promise<PolicyRow | undefined> {
  return trx
    .selectFrom('policies')
    .selectAll()
    .where('project', '=', project)
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
}

function refuseOtherSource(known: PolicyRow | undefined, file: string | undefined): void {
  if (known === undefined || known.removed_at !== null) return;
  if (file === undefined && known.source === 'file') {
    throw new Problem('conflict', `the policy ${known.name} is in the file ${known.file ?? ''}`);
  }
  if (file !== undefined && known.source === 'api') {
    throw new Problem('conflict', `a policy ${known.name} was applied by the API`);
  }
  if (file !== undefined && known.file !== file) {
    throw new Problem('conflict', `the policy ${known.name} is also in ${known.file ?? ''}`);
  }
}

/** Another user applied or removed the policy in the meantime. */
function refuseOtherVersion(
  known: PolicyRow | undefined,
  name: string,
  expected: number | undefined,
): void {
  if (expected === undefined) return;
  const inForce = known === undefined || known.removed_at !== null ? 0 : (known.version ?? 0);
  if (inForce === expected) return;
  const found = inForce === 0 ? 'no version' : `version ${inForce} (by ${known?.changed_by ?? ''})`;
  const wanted = expected === 0 ? 'none' : `version ${expected}`;
  throw new Problem('conflict', `${found} of the policy ${name} is in force, expected ${wanted}`);
}

async function hasVersion(
  trx: Transaction<Database>,
  { id, version }: PolicyRow,
  sha256: string,
): Promise<boolean> {
  if (version === null) return false;
  const row = await trx
    .selectFrom('policy_versions')
    .select('sha256')
    .where('policy', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  return row?.sha256 === sha256;
}

async function clearProblem(
  trx: Transaction<Database>,
  id: string,
  file: string | undefined,
): Promise<void> {
  if (file === undefined) return;
  await trx
    .updateTable('policies')
    .set({ problem: null, problem_sha256: null, problem_since: null })
    .where('id', '=', id)
    .execute();
}

async function lastVersion(trx: Transaction<Database>, id: string): Promise<number> {
  const row = await trx
    .selectFrom('policy_versions')
    .select('version')
    .where('policy', '=', id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.version ?? 0;
}

export async function addPolicy(
  trx: Transaction<Database>,
  about: { project: string; name: string; actor: string; file: string | undefined },
): Promise<string> {
  const { project, name, actor, file } = about;
  const { count } = await trx
    .selectFrom('policies')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project', '=', project)
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (count >= judgingLimits.policies) {
    throw new Problem('conflict', `the project has ${count} policies (limit)`);
  }
  const id = newId();
  await trx
    .insertInto('policies')
    .values({
      ...{ id, project, name, changed_by: actor, version: null, problem_sha256: null },
      ...{ source: file === undefined ? 'api' : 'file', file: file ?? null },
    })
    .execute();
  return id;
}

/** Its versions are kept. */
export async function removePolicy(
  database: Kysely<Database>,
  about: { readonly project: string; readonly name: string; readonly actor: string },
): Promise<void> {
  const { project, name } = about;
  await transaction(database, async (trx) => {
    const known = await lockPolicy(trx, about);
    if (known === undefined || known.removed_at !== null) throw policyNotFound(project, name);
    if (known.source === 'file') {
      throw new Problem('conflict', `remove the file ${known.file ?? ''}: the policy is in it`);
    }
    await removeWithin(trx, known, about.actor);
  });
}

export async function removeWithin(
  trx: Transaction<Database>,
  { id, project, name }: Pick<PolicyRow, 'id' | 'project' | 'name'>,
  actor: string,
): Promise<void> {
  await trx
    .updateTable('policies')
    .set({
      ...{ removed_at: sql<Date>`now()`, changed_at: sql<Date>`now()` },
      ...{ changed_by: actor, problem: null },
    })
    .where('id', '=', id)
    .execute();
  await appendEvents(trx, [{ type: 'policy.removed', subject: name, actor, project }]);
  const cause = `policy ${name} removed`;
  await raiseRevision(trx, { project, trigger: 'policy', cause, causedBy: actor });
}

export function policyNotFound(project: string, name: string): Problem {
  return new Problem('not_found', `there is no policy ${name} in the project ${project}`);
}
