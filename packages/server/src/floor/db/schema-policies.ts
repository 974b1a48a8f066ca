/** The tables of policies and decisions as Kysely sees them; part of `schema.ts`. */
import type { DecidedAction, DecidedRule, JudgedImage, UsedException } from '@lazaret/protocol';
import type { ColumnType, Generated } from 'kysely';

import type { Json, NullableTimestamp, RequiredTimestamp, Timestamp } from './column-types.ts';

/** A fault of a policy document, with its position. */
export interface StoredFault {
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

interface Policies {
  id: string;
  project: string;
  name: string;
  source: string;
  file: string | null;
  version: number | null;
  problem_sha256: string | null;
  problem: ColumnType<StoredFault[] | null, string | null | undefined, string | null>;
  problem_since: NullableTimestamp;
  changed_by: string;
  changed_at: Timestamp;
  removed_at: NullableTimestamp;
}

interface PolicyVersions {
  policy: string;
  version: number;
  sha256: string;
  document: string;
  created_by: string;
  created_at: Timestamp;
}

interface PolicyExceptions {
  id: string;
  project: string;
  match: Json<Record<string, string>>;
  reason: string;
  owner: string;
  expires_at: RequiredTimestamp;
  source: string;
  created_by: string;
  created_at: Timestamp;
  removed_by: string | null;
  removed_at: NullableTimestamp;
}

interface Rejudgements {
  project: string;
  revision: Generated<number>;
  state: Generated<string>;
  trigger: Generated<string>;
  cause: Generated<string>;
  caused_by: Generated<string>;
  reached: string | null;
  total: Generated<number>;
  judged: Generated<number>;
  changed: Generated<number>;
  skipped: Generated<number>;
  requested_at: NullableTimestamp;
  finished_at: NullableTimestamp;
}

interface Decisions {
  id: string;
  project: string;
  registry: string;
  registry_name: string;
  repository: string;
  digest: string;
  tags: string[];
  arrival: string;
  trigger: string;
  policy_name: string;
  policy_version: number;
  policy_sha256: string;
  inspected: string | null;
  verdict: string;
  action: string;
  actions: Json<DecidedAction[]>;
  reasons: string[];
  images: Json<JudgedImage[]>;
  rules: Json<DecidedRule[]>;
  exceptions: Json<UsedException[]>;
  approved_by: string;
  caused_by: string;
  previous: string | null;
  decided_at: Timestamp;
}

interface DecisionsInForce {
  registry: string;
  repository: string;
  digest: string;
  decision: string;
  verdict: string;
  action: string;
  project: string;
  arrival: string;
  is_part: boolean;
  images: string[];
  problem: string | null;
  outcome: string;
  revision: number;
  due_at: NullableTimestamp;
  reexamined: string | null;
  reexamined_at: NullableTimestamp;
}

export interface PolicyTables {
  policies: Policies;
  policy_versions: PolicyVersions;
  policy_exceptions: PolicyExceptions;
  rejudgements: Rejudgements;
  decisions: Decisions;
  decisions_in_force: DecisionsInForce;
}
