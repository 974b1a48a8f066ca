/** The tables for Kysely; a test compares them with the migrations. */
import type { EngineManifest, Observation, Telemetry } from '@lazaret/protocol';
import type { ColumnType, Generated } from 'kysely';

import type {
  DefaultedJson,
  Json,
  NullableTimestamp,
  RequiredTimestamp,
  Timestamp,
} from './column-types.ts';
import type { GateTables } from './schema-gate.ts';
import type { HookTables } from './schema-hooks.ts';
import type { NotificationTables } from './schema-notifications.ts';
import type { ImageTables } from './schema-images.ts';
import type { PolicyTables } from './schema-policies.ts';
import type { QuarantineTables } from './schema-quarantine.ts';
export type { StoredFault } from './schema-policies.ts';
import type { RegistryTables } from './schema-registries.ts';
import type { ScriptTables } from './schema-scripts.ts';

interface Projects {
  name: string;
  title: Generated<string>;
  created_at: Timestamp;
}

interface Users {
  name: string;
  display_name: string;
  password_hash: string | null;
  disabled: Generated<boolean>;
  created_at: Timestamp;
  last_seen_at: NullableTimestamp;
}

interface Grants {
  user_name: string;
  role: string;
  project: string | null;
}

interface Sessions {
  secret_hash: Buffer;
  user_name: string;
  csrf: string;
  address: string;
  created_at: Timestamp;
  last_used_at: Timestamp;
  expires_at: RequiredTimestamp;
}

interface Tokens {
  id: string;
  user_name: string;
  name: string;
  secret_hash: Buffer;
  prefix: string;
  permissions: string[] | null;
  project: string | null;
  created_at: Timestamp;
  expires_at: RequiredTimestamp;
  last_used_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
}

interface Links {
  secret_hash: Buffer;
  user_name: string | null;
  created_at: Timestamp;
  expires_at: RequiredTimestamp;
  used_at: NullableTimestamp;
}

interface SignInFailures {
  key: string;
  failures: number;
  last_at: RequiredTimestamp;
}

interface Blobs {
  sha256: string;
  size_bytes: number;
  created_at: Timestamp;
}

interface Artifacts {
  project: string;
  sha256: string;
  name: string;
  created_by: string;
  created_at: Timestamp;
}

interface ArtifactOrigins {
  project: string;
  sha256: string;
  image: string;
  reference: string;
  layer: number;
  path: string;
  created_by: string;
  created_at: Timestamp;
}

interface Engines {
  name: string;
  enabled: Generated<boolean>;
  source: string;
  revision: number;
  problem: string | null;
  removed_at: NullableTimestamp;
  created_at: Timestamp;
  updated_at: Timestamp;
}

interface EngineRevisions {
  engine: string;
  revision: number;
  manifest: Json<EngineManifest>;
  manifest_hash: string;
  image_reference: string;
  image_digest: string | null;
  image_kind: string | null;
  created_by: string;
  created_at: Timestamp;
}

interface Nodes {
  name: string;
  kind: string;
  endpoint: string;
  state: Generated<string>;
  schedulable: Generated<boolean>;
  problem: string | null;
  labels: DefaultedJson<Record<string, string>>;
  facts: DefaultedJson<Record<string, unknown>>;
  memory_bytes: number | null;
  cpus: number | null;
  reserved_memory_bytes: Generated<number>;
  reserved_cpus: Generated<number>;
  live_attempts: Generated<number>;
  worker: string | null;
  worker_lease_until: NullableTimestamp;
  configured: Generated<boolean>;
  last_seen_at: NullableTimestamp;
  changed_at: Timestamp;
}

interface Jobs {
  id: string;
  project: string;
  engine: string;
  engine_revision: number;
  state: Generated<string>;
  wait_reason: string | null;
  outcome_code: string | null;
  outcome_detail: string | null;
  parameters: DefaultedJson<Record<string, unknown>>;
  tags: Generated<string[]>;
  priority: Generated<number>;
  memory_bytes: number;
  cpus: number;
  time_limit_ms: number;
  queue_time_limit_ms: number;
  runtime: string | null;
  concurrency: number | null;
  attempts: Generated<number>;
  moves: Generated<number>;
  workload_failures: Generated<number>;
  platform_failures: Generated<number>;
  avoid_nodes: Generated<string[]>;
  not_before: Timestamp;
  cancel_requested_at: NullableTimestamp;
  cancelled_by: string | null;
  node: string | null;
  submitted_by: string;
  rerun_of: string | null;
  idempotency_key: string | null;
  idempotency_hash: string | null;
  created_at: Timestamp;
  queued_at: Timestamp;
  started_at: NullableTimestamp;
  finished_at: NullableTimestamp;
}

interface JobInputs {
  job: string;
  position: number;
  name: string;
  sha256: string;
}

interface Attempts {
  id: string;
  job: string;
  number: number;
  state: Generated<string>;
  node: string;
  fence: string;
  lease_until: RequiredTimestamp;
  engine_revision: number;
  image_digest: string;
  memory_bytes: number;
  cpus: number;
  container_id: string | null;
  containment: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
  telemetry: DefaultedJson<Partial<Telemetry>>;
  observations: DefaultedJson<Observation[]>;
  outcome_code: string | null;
  outcome_detail: string | null;
  log_bytes: Generated<number>;
  log_truncated: Generated<boolean>;
  placed_at: Timestamp;
  started_at: NullableTimestamp;
  finished_at: NullableTimestamp;
}

interface JobHistory {
  job: string;
  number: number;
  at: Timestamp;
  state: string;
  attempt: number | null;
  cause: string;
  detail: Generated<string>;
}

interface JobArtifacts {
  job: string;
  attempt: number;
  path: string;
  sha256: string;
  is_primary: Generated<boolean>;
}

interface AttemptLog {
  attempt: string;
  number: number;
  stream: string;
  at: RequiredTimestamp;
  bytes: Buffer;
}

interface Events {
  id: Generated<number>;
  transaction: Generated<string>;
  type: string;
  project: string | null;
  subject: string;
  actor: string;
  data: DefaultedJson<Record<string, unknown>>;
  at: Timestamp;
}

interface Audit {
  number: number;
  event: number;
  type: string;
  project: string | null;
  subject: string;
  actor: string;
  data: Json<Record<string, unknown>>;
  at: RequiredTimestamp;
  previous: string;
  hash: string;
}

interface EventReaders {
  name: string;
  transaction: string;
  id: number;
}

interface Instance {
  only: Generated<boolean>;
  id: string;
  created_at: Timestamp;
}

export interface Database
  extends
    GateTables,
    HookTables,
    ImageTables,
    NotificationTables,
    PolicyTables,
    QuarantineTables,
    RegistryTables,
    ScriptTables {
  projects: Projects;
  users: Users;
  grants: Grants;
  sessions: Sessions;
  tokens: Tokens;
  links: Links;
  sign_in_failures: SignInFailures;
  blobs: Blobs;
  artifacts: Artifacts;
  artifact_origins: ArtifactOrigins;
  engines: Engines;
  engine_revisions: EngineRevisions;
  nodes: Nodes;
  jobs: Jobs;
  job_inputs: JobInputs;
  attempts: Attempts;
  job_history: JobHistory;
  job_artifacts: JobArtifacts;
  attempt_log: AttemptLog;
  events: Events;
  audit: Audit;
  event_readers: EventReaders;
  instance: Instance;
}
