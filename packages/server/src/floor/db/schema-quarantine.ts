/** The tables of the quarantine as Kysely sees them; part of `schema.ts`. */
import type { ActionParameters, ActionStep } from '@lazaret/protocol';
import type { Generated } from 'kysely';

import type { DefaultedJson, Json, NullableTimestamp, RequiredTimestamp } from './column-types.ts';
import type { Timestamp } from './column-types.ts';

interface QuarantineItems {
  id: string;
  project: string;
  registry: string | null;
  registry_name: string;
  address: string;
  repository: string;
  digest: string;
  media_type: string;
  mode: string;
  target: string | null;
  state: string;
  reason: string;
  confirmed: Generated<string[]>;
  created_by: string;
  created_at: Timestamp;
  quarantined_at: NullableTimestamp;
  released_at: NullableTimestamp;
  released_by: string | null;
  release_reason: string | null;
  released_decision: string | null;
  retained_until: RequiredTimestamp;
  purged_at: NullableTimestamp;
  purged_by: string | null;
  purge_reason: string | null;
}

interface QuarantineContents {
  item: string;
  position: number;
  digest: string;
  kind: string;
  role: string;
  media_type: string;
  size_bytes: number;
  tags: string[];
  removes: boolean;
  sha256: string | null;
  verified_at: NullableTimestamp;
  removed_at: NullableTimestamp;
  deleted_at: NullableTimestamp;
}

interface Actions {
  id: string;
  project: string;
  kind: string;
  state: string;
  registry: string | null;
  registry_name: string;
  address: string;
  repository: string;
  digest: string;
  item: string | null;
  origin: string;
  decision: string | null;
  requested_by: string;
  requested_at: Timestamp;
  reason: string;
  parameters: Json<ActionParameters>;
  approval_reason: string | null;
  decided_by: string | null;
  decided_at: NullableTimestamp;
  decision_reason: string | null;
  step: string | null;
  steps: DefaultedJson<ActionStep[]>;
  attempts: Generated<number>;
  retry_at: Timestamp;
  fence: string | null;
  lease_until: NullableTimestamp;
  outcome: string | null;
  problem_code: string | null;
  problem_detail: string | null;
  finished_at: NullableTimestamp;
}

export interface QuarantineTables {
  quarantine_items: QuarantineItems;
  quarantine_contents: QuarantineContents;
  actions: Actions;
}
