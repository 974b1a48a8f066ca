/** Reading of stored policies with their versions, and of the built-in one. */
import {
  Problem,
  type Page,
  type PolicySource,
  type PolicyVersion,
  type StoredPolicy,
  type StoredPolicyDetail,
} from '@lazaret/protocol';
import { sortPolicies, type Policy } from '@lazaret/policy';
import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';

import type { Database } from '../floor/db/schema.ts';
import { checkCursor } from '../floor/http/index.ts';
import { builtInPolicy } from './default-policy.ts';
import type { PolicySets } from './policy-set.ts';
import { policyNotFound } from './store-policies.ts';

interface StoredRow extends Selectable<Database['policies']> {
  readonly sha256: string | null;
  readonly document: string | null;
}

/**
 * Project by project, in the order in which they are tried; those without a valid version last.
 */
export async function listPolicies(
  database: Kysely<Database>,
  projects: readonly string[],
  sets: PolicySets,
): Promise<StoredPolicy[]> {
  const rows: StoredRow[] = await database
    .selectFrom('policies as p')
    .leftJoin('policy_versions as v', (join) =>
      join.onRef('v.policy', '=', 'p.id').onRef('v.version', '=', 'p.version'),
    )
    .selectAll('p')
    .select(['v.sha256', 'v.document'])
    .where('p.project', 'in', [...projects, ''])
    .where('p.removed_at', 'is', null)
    .orderBy('p.name')
    .execute();
  const byProject = Map.groupBy(rows, ({ project }) => project);
  return projects.flatMap((project) => inOrder(project, byProject.get(project) ?? [], sets));
}

function inOrder(project: string, rows: readonly StoredRow[], sets: PolicySets): StoredPolicy[] {
  const valid = rows.flatMap((row) => {
    if (row.document === null || row.sha256 === null) return [];
    const policy = sets.compile(row.sha256, row.document);
    return [{ policy, item: toStored(row, policy) }];
  });
  const invalid = rows.filter(({ document }) => document === null).map((row) => toStored(row));
  const builtIn = builtInPolicy();
  const isReplaced = valid.some(({ policy }) => policy.name === builtIn.policy.name);
  const all = isReplaced ? valid : [...valid, { ...builtIn, item: describeBuiltIn(project) }];
  return [...sortPolicies(all).map(({ item }) => item), ...invalid];
}

export async function readPolicy(
  database: Kysely<Database>,
  about: { readonly project: string; readonly name: string; readonly version?: number | undefined },
  sets: PolicySets,
): Promise<StoredPolicyDetail> {
  const { project, name, version } = about;
  const found = (await listPolicies(database, [project], sets)).find((one) => one.name === name);
  if (found === undefined) throw policyNotFound(project, name);
  if (found.source === 'built-in') {
    if (version !== undefined) throw noVersion(name, version);
    return { ...found, document: builtInPolicy().document };
  }
  const row = await database
    .selectFrom('policy_versions as v')
    .innerJoin('policies as p', 'p.id', 'v.policy')
    .select(['v.document', 'v.sha256', 'v.version'])
    .where('p.project', '=', project)
    .where('p.name', '=', name)
    .where('v.version', '=', version ?? found.version)
    .executeTakeFirst();
  if (row === undefined && version !== undefined) throw noVersion(name, version);
  return { ...found, ...row, document: row?.document ?? '' };
}

function noVersion(name: string, version: number): Problem {
  return new Problem('not_found', `the policy ${name} has no version ${version}`);
}

export async function listVersions(
  database: Kysely<Database>,
  about: {
    readonly project: string;
    readonly name: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<Page<PolicyVersion>> {
  const { project, name, limit, cursor } = about;
  checkCursor(cursor, z.string().regex(/^\d{1,9}$/));
  const row = await database
    .selectFrom('policies')
    .select(['id', 'version', 'removed_at'])
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined) throw policyNotFound(project, name);
  let query = database.selectFrom('policy_versions').selectAll().where('policy', '=', row.id);
  if (cursor !== undefined) query = query.where('version', '<', Number(cursor));
  const rows = await query
    .orderBy('version', 'desc')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  return {
    items: page.map(({ version, sha256, document, created_by: createdBy, created_at: at }) => ({
      ...{ version, sha256, createdBy, bytes: Buffer.byteLength(document) },
      inForce: version === row.version && row.removed_at === null,
      createdAt: at.toISOString(),
    })),
    next: rows.length > limit ? String(page.at(-1)?.version ?? '') : null,
  };
}

function describeBuiltIn(project: string): StoredPolicy {
  const { policy, sha256 } = builtInPolicy();
  return {
    ...describe(policy),
    ...{ name: policy.name, project, source: 'built-in', version: 0, sha256, inForce: true },
    ...{ file: null, problem: null, changedBy: 'lazaret', changedAt: null },
  };
}

function toStored(row: StoredRow, policy?: Policy): StoredPolicy {
  const { problem, problem_since: since } = row;
  return {
    ...(policy === undefined ? withoutVersion : describe(policy)),
    ...{ name: row.name, project: row.project, source: row.source as PolicySource },
    ...{ version: row.version ?? 0, sha256: row.sha256, inForce: row.version !== null },
    file: row.file,
    problem:
      problem === null ? null : { since: (since ?? row.changed_at).toISOString(), faults: problem },
    changedBy: row.changed_by,
    changedAt: row.changed_at.toISOString(),
  };
}

const withoutVersion = {
  description: null,
  priority: 0,
  appliesTo: { registries: null, repositories: null, tags: null },
  rules: 0,
  actions: {},
} as const;

function describe(policy: Policy) {
  const { registries = null, repositories = null, tags = null } = policy.appliesTo ?? {};
  return {
    description: policy.description ?? null,
    priority: policy.priority,
    appliesTo: { registries, repositories, tags },
    rules: policy.rules.length,
    actions: Object.fromEntries(
      Object.entries(policy.actions).map(([action, settings]) => [action, stateOf(settings)]),
    ),
  };
}

function stateOf(settings: { readonly enabled?: boolean; readonly dryRun: boolean }): string {
  if (settings.enabled === false) return 'off';
  return settings.dryRun ? 'dry-run' : 'apply';
}
