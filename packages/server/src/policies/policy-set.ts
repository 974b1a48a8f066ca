/**
 * The policies and exceptions of a project that are in force. Compiled documents are kept by their
 * digest, and a whole set by the revision of the project, which every change raises.
 */
import { parsePolicy, sortPolicies, type Policy, type PolicyException } from '@lazaret/policy';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { builtInPolicy } from './default-policy.ts';
import { judgingLimits } from './limits.ts';
import type { PolicyInForce } from './policy-in-force.ts';

export interface PolicySet {
  readonly revision: number;
  /** In the order in which they are tried. */
  readonly policies: readonly PolicyInForce[];
  /** Decides when none applies. */
  readonly fallback: PolicyInForce;
  /** Stored ones; those of a document belong to its policy. */
  readonly exceptions: readonly PolicyException[];
}

type Connection = Kysely<Database> | Transaction<Database>;

/** One for each process, so that nothing is compiled or read twice. */
export class PolicySets {
  readonly #sets = new Map<string, PolicySet>();
  readonly #compiled = new Map<string, Policy>();

  async read(database: Connection, project: string): Promise<PolicySet> {
    const revision = await readRevision(database, project);
    const known = this.#sets.get(project);
    if (known?.revision === revision) return known;
    const set = await this.#load(database, project, revision);
    this.#sets.set(project, set);
    return set;
  }

  async #load(database: Connection, project: string, revision: number): Promise<PolicySet> {
    const rows = await database
      .selectFrom('policies as p')
      .innerJoin('policy_versions as v', (join) =>
        join.onRef('v.policy', '=', 'p.id').onRef('v.version', '=', 'p.version'),
      )
      .select(['p.name', 'v.version', 'v.sha256', 'v.document'])
      .where('p.project', '=', project)
      .where('p.removed_at', 'is', null)
      .execute();
    const stored = rows.map(({ version, sha256, document }) => ({
      ...{ version, sha256, policy: this.compile(sha256, document) },
    }));
    const fallback = builtInPolicy();
    const isReplaced = rows.some(({ name }) => name === fallback.policy.name);
    const exceptions = await readExceptions(database, project);
    const policies = sortPolicies(isReplaced ? stored : [...stored, fallback]);
    return { revision, policies, fallback, exceptions };
  }

  /** A document that was checked when it was stored. */
  compile(sha256: string, document: string): Policy {
    const known = this.#compiled.get(sha256);
    if (known !== undefined) return known;
    const { policy, faults } = parsePolicy(document);
    // Documents are checked before they are stored, by an earlier release at worst.
    if (policy === undefined) {
      throw new Error(`a stored policy is not valid: ${faults[0]?.message ?? ''}`);
    }
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size >= judgingLimits.compiledPolicies && oldest !== undefined) {
      this.#compiled.delete(oldest);
    }
    this.#compiled.set(sha256, policy);
    return policy;
  }
}

/** 0 while nothing was ever changed. */
export async function readRevision(database: Connection, project: string): Promise<number> {
  const row = await database
    .selectFrom('rejudgements')
    .select('revision')
    .where('project', '=', project)
    .executeTakeFirst();
  return row?.revision ?? 0;
}

/** Those that are not removed; which of them have expired is decided at each evaluation. */
async function readExceptions(database: Connection, project: string): Promise<PolicyException[]> {
  const rows = await database
    .selectFrom('policy_exceptions')
    .select(['id', 'match', 'reason', 'owner', 'expires_at', 'source'])
    .where('project', '=', project)
    .where('removed_at', 'is', null)
    .where(sql<boolean>`expires_at > now()`)
    .orderBy('id')
    .limit(judgingLimits.exceptions)
    .execute();
  return rows.map(({ expires_at: expires, ...row }) => ({
    ...row,
    expires: expires.toISOString(),
  }));
}
