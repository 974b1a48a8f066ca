import { defaultProject, Problem, type Project } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { serverLimits } from '../floor/limits.ts';
import type { Principal } from '../floor/principal.ts';
import type { AccessParts } from './parts.ts';
import { noSuchProject, type Reader } from './store.ts';

export async function createProject(
  parts: AccessParts,
  principal: Principal,
  { name, title }: { readonly name: string; readonly title: string },
): Promise<Project> {
  const project = await transaction(parts.database, async (within) => {
    const { projects } = await within
      .selectFrom('projects')
      .select(sql<number>`count(*)`.as('projects'))
      .executeTakeFirstOrThrow();
    if (projects >= serverLimits.projects) {
      throw new Problem('conflict', `expected at most ${serverLimits.projects} projects`);
    }
    const row = await within
      .insertInto('projects')
      .values({ name, title })
      .onConflict((conflict) => conflict.doNothing())
      .returning('created_at')
      .executeTakeFirst();
    if (row === undefined) {
      throw new Problem('already_exists', `there is a project ${name} already`);
    }
    await appendEvents(within, [
      {
        type: 'project.created',
        subject: name,
        actor: principal.name,
        project: name,
        data: { title },
      },
    ]);
    return { name, title, createdAt: row.created_at.toISOString() };
  });
  parts.onEvents();
  return project;
}

/** Removes a project without jobs and artifacts, with its grants and restricted tokens. */
export async function removeProject(
  parts: AccessParts,
  principal: Principal,
  name: string,
): Promise<void> {
  if (name === defaultProject) {
    throw new Problem('conflict', `${defaultProject} is the default project; it cannot be removed`);
  }
  await transaction(parts.database, async (within) => {
    // Nothing can be added to it while its row is locked.
    const project = await within
      .selectFrom('projects')
      .select('name')
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirst();
    if (project === undefined) throw noSuchProject(name);
    await refuseUnlessEmpty(within, name);
    const data = await countCascaded(within, name);
    await within.deleteFrom('projects').where('name', '=', name).execute();
    await appendEvents(within, [
      {
        type: 'project.removed',
        subject: name,
        actor: principal.name,
        project: name,
        data,
      },
    ]);
  });
  parts.onEvents();
}

async function refuseUnlessEmpty(within: Transaction<Database>, name: string): Promise<void> {
  for (const table of ['jobs', 'artifacts'] as const) {
    const row = await within
      .selectFrom(table)
      .select('project')
      .where('project', '=', name)
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) {
      throw new Problem(
        'conflict',
        `the project ${name} has ${table}; only empty ones are removed`,
      );
    }
  }
}

async function countCascaded(
  within: Transaction<Database>,
  name: string,
): Promise<{ grants: number; tokens: number }> {
  return within
    .selectNoFrom((select) => [
      select
        .selectFrom('grants')
        .select(sql<number>`count(*)`.as('count'))
        .where('project', '=', name)
        .$asScalar()
        .$notNull()
        .as('grants'),
      select
        .selectFrom('tokens')
        .select(sql<number>`count(*)`.as('count'))
        .where('project', '=', name)
        .$asScalar()
        .$notNull()
        .as('tokens'),
    ])
    .executeTakeFirstOrThrow();
}

/** Throws `not_found` unless the project exists. */
export async function requireProject(database: Reader, project: string): Promise<void> {
  const found = await database
    .selectFrom('projects')
    .select('name')
    .where('name', '=', project)
    .executeTakeFirst();
  if (found === undefined) throw noSuchProject(project);
}

/** Names of all projects. */
export async function listProjectNames(database: Kysely<Database>): Promise<string[]> {
  const rows = await database.selectFrom('projects').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}
