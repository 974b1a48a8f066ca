/** Reading of watched registries: for the watcher, and for callers within their projects. */
import {
  Problem,
  type Page,
  type Registry,
  type RegistryCheck,
  type RegistryState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import { prepared } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { checkCursor } from '../floor/http/index.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { readSettings, type WatchedRegistry } from './connection.ts';

const connectionColumns = [
  ...(['id', 'project', 'name', 'address', 'source', 'settings'] as const),
] as const;

type ConnectionRow = Pick<Selectable<Database['registries']>, (typeof connectionColumns)[number]>;

export function toWatched({ source, settings, ...row }: ConnectionRow): WatchedRegistry {
  return {
    ...row,
    source: source === 'file' ? 'file' : 'api',
    settings: readSettings(settings),
  };
}

export async function readWatched(
  database: Kysely<Database> | Transaction<Database>,
  id: string,
): Promise<WatchedRegistry | undefined> {
  const row = await database
    .selectFrom('registries')
    .select([...connectionColumns])
    .where('id', '=', id)
    .modifyEnd(prepared('read_watched_registry'))
    .executeTakeFirst();
  return row === undefined ? undefined : toWatched(row);
}

export interface RegistryKey {
  readonly name: string;
  readonly project?: string | undefined;
}

/** Throws not_found, and invalid_request when several projects have one of the name. */
export async function findRegistry(
  database: Kysely<Database>,
  scope: ProjectScope,
  { name, project }: RegistryKey,
): Promise<WatchedRegistry> {
  const [row, other] = await database
    .selectFrom('registries')
    .select([...connectionColumns])
    .where('name', '=', name)
    .where(inProjects(scope, project))
    .orderBy('project')
    .limit(2)
    .execute();
  if (row === undefined) throw new Problem('not_found', `there is no registry ${name}`);
  if (other === undefined) return toWatched(row);
  const message = `the projects ${row.project} and ${other.project} have a registry ${name}`;
  throw new Problem('invalid_request', `${message}; give the project`, {
    fields: [{ path: 'query.project', message: 'expected the project of the registry' }],
  });
}

/** The registries with an address, at most one in each project. */
export async function findByAddress(
  database: Kysely<Database>,
  scope: ProjectScope,
  { address, project }: { readonly address: string; readonly project?: string | undefined },
): Promise<WatchedRegistry[]> {
  const rows = await database
    .selectFrom('registries')
    .select([...connectionColumns])
    .where('address', '=', address)
    .where(inProjects(scope, project))
    .orderBy('project')
    .execute();
  return rows.map(toWatched);
}

function inProjects(scope: ProjectScope, project: string | undefined) {
  const within = scope === 'all' ? sql`true` : sql`project = any(${scope}::text[])`;
  const chosen = project === undefined ? sql`true` : sql`project = ${project}`;
  return sql<boolean>`(${within} and ${chosen})`;
}

interface Counts {
  readonly repositories: number;
  readonly tags: number;
  readonly skipped: number;
  readonly problems: number;
  readonly waiting: number;
  readonly inspecting: number;
  readonly failed: number;
}

const state = sql<RegistryState>`case
  when not enabled then 'paused' when failures > 0 then 'failing'
  when poll_finished_at is null then 'pending'
  when problem_code is not null then 'degraded' else 'healthy' end`;
const counts = sql<Counts>`(
  select jsonb_build_object('repositories', count(*) filter (where missing_since is null),
    'tags', coalesce(sum(tags), 0), 'skipped', coalesce(sum(skipped), 0),
    'problems', count(*) filter (where problem_code is not null) + (
      select count(*) from registry_tags t
      where t.registry = registries.id and t.problem_code is not null))
  from registry_repositories r where r.registry = registries.id
) || (
  select jsonb_build_object('waiting', count(*) filter (where state = 'waiting'),
    'inspecting', count(*) filter (where state = 'inspecting'),
    'failed', count(*) filter (where state = 'failed'))
  from arrivals a where a.registry = registries.id and a.state <> 'inspected')`;
const running = sql<boolean>`coalesce(fence is not null and lease_until > now(), false)`;

function select(database: Kysely<Database>) {
  return database
    .selectFrom('registries')
    .selectAll()
    .select([state.as('state'), counts.as('counts'), running.as('running')]);
}

type RegistryRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;

/** By name. */
export async function listRegistries(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly project?: string | undefined;
    readonly state?: readonly RegistryState[] | undefined;
  },
): Promise<Page<Registry>> {
  checkCursor(ask.cursor);
  let query = select(database).where(inProjects(scope, ask.project));
  if (ask.state !== undefined) {
    query = query.where(sql<boolean>`${state} = any(${[...ask.state]}::text[])`);
  }
  if (ask.cursor !== undefined) {
    query = query.where(
      sql<boolean>`(name, id) > (select name, id from registries where id = ${ask.cursor})`,
    );
  }
  const rows = await query
    .orderBy('name')
    .orderBy('id')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toRegistry), next };
}

export async function readRegistry(database: Kysely<Database>, id: string): Promise<Registry> {
  const row = await select(database).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', 'the registry was removed');
  return toRegistry(row);
}

/** Whether no poll runs or is due. */
export function isSettled({ poll, state: current }: Registry, nowMs: number): boolean {
  return current === 'paused' || (!poll.running && Date.parse(poll.nextAt) > nowMs);
}

function toRegistry(row: RegistryRow): Registry {
  const { problem_code: code, problem_detail: detail, problem_since: since } = row;
  return {
    id: row.id,
    name: row.name,
    project: row.project,
    address: row.address,
    settings: readSettings(row.settings),
    source: row.source === 'file' ? 'file' : 'api',
    state: row.state,
    problem:
      code === null
        ? null
        : { code, detail: detail ?? '', since: (since ?? row.changed_at).toISOString() },
    poll: {
      running: row.running,
      startedAt: toText(row.poll_started_at),
      finishedAt: toText(row.poll_finished_at),
      completeAt: toText(row.poll_complete_at),
      nextAt: row.next_poll_at.toISOString(),
      requests: row.poll_requests,
      failures: row.failures,
    },
    counts: row.counts,
    check: toCheck(row.check_results, row.checked_at),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}

function toCheck(results: RegistryCheck[] | null, checkedAt: Date | null): Registry['check'] {
  if (results === null || checkedAt === null) return null;
  return { checkedAt: checkedAt.toISOString(), results };
}

export function toText(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** The registry of a project with this name or address; undefined when there is none. */
export async function findInProject(
  database: Kysely<Database>,
  project: string,
  by: { readonly name: string } | { readonly address: string },
): Promise<WatchedRegistry | undefined> {
  const query = database
    .selectFrom('registries')
    .select([...connectionColumns])
    .where('project', '=', project);
  const row = await (
    'name' in by ? query.where('name', '=', by.name) : query.where('address', '=', by.address)
  ).executeTakeFirst();
  return row === undefined ? undefined : toWatched(row);
}
