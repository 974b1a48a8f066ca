/** The tables of watched registries as Kysely sees them; part of `schema.ts`. */
import type { RegistryCheck, WatchSettings } from '@lazaret/protocol';
import type { ColumnType, Generated } from 'kysely';

import type { Json, NullableTimestamp, Timestamp } from './column-types.ts';

interface Registries {
  id: string;
  project: string;
  name: string;
  address: string;
  source: string;
  enabled: boolean;
  settings: Json<WatchSettings>;
  created_by: string;
  created_at: Timestamp;
  changed_at: Timestamp;
  next_poll_at: Timestamp;
  fence: string | null;
  lease_until: NullableTimestamp;
  poll_started_at: NullableTimestamp;
  poll_finished_at: NullableTimestamp;
  poll_complete_at: NullableTimestamp;
  poll_requests: Generated<number>;
  failures: Generated<number>;
  problem_code: string | null;
  problem_detail: string | null;
  problem_since: NullableTimestamp;
  check_results: ColumnType<RegistryCheck[] | null, string | null | undefined, string | null>;
  checked_at: NullableTimestamp;
}

interface RegistryRepositories {
  registry: string;
  name: string;
  first_seen_at: Timestamp;
  listed_at: NullableTimestamp;
  missing_since: NullableTimestamp;
  tags: Generated<number>;
  skipped: Generated<number>;
  problem_code: string | null;
  problem_detail: string | null;
}

/** A reported push whose digest is not known yet. */
export interface ReportedPush {
  readonly source: 'gate' | 'webhook' | 'manual';
  readonly eventId?: string | undefined;
  readonly actor?: string | undefined;
  readonly pushedAt?: string | undefined;
}

/** A reported deletion that is not confirmed yet. */
export interface ReportedDeletion {
  readonly actor?: string | undefined;
}

interface RegistryTags {
  registry: string;
  repository: string;
  tag: string;
  digest: string | null;
  media_type: string | null;
  present: boolean;
  changed_at: Timestamp;
  checked_at: NullableTimestamp;
  event_at: NullableTimestamp;
  arrival: string | null;
  problem_code: string | null;
  problem_detail: string | null;
  verify_at: NullableTimestamp;
  verify_attempts: Generated<number>;
  push: ColumnType<ReportedPush | null, string | null | undefined, string | null>;
  deletion: ColumnType<ReportedDeletion | null, string | null | undefined, string | null>;
}

interface RegistryTagHistory {
  id: Generated<number>;
  registry: string;
  repository: string;
  tag: string;
  change: string;
  digest: string | null;
  previous: string | null;
  source: string;
  actor: string | null;
  at: Timestamp;
}

interface Arrivals {
  id: string;
  project: string;
  registry: string;
  repository: string;
  tag: string | null;
  digest: string;
  media_type: string | null;
  source: string;
  event_id: string | null;
  actor: string | null;
  pushed_at: NullableTimestamp;
  priority: number;
  state: Generated<string>;
  inspections: Generated<string[]>;
  verdict: string | null;
  attempts: Generated<number>;
  retry_at: NullableTimestamp;
  problem_code: string | null;
  problem_detail: string | null;
  recorded_at: Timestamp;
  settled_at: NullableTimestamp;
  decision: string | null;
  action: string | null;
}

export interface RegistryTables {
  registries: Registries;
  registry_repositories: RegistryRepositories;
  registry_tags: RegistryTags;
  registry_tag_history: RegistryTagHistory;
  arrivals: Arrivals;
}
