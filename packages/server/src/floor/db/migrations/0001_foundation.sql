-- The foundation: identity, engines, nodes, jobs with attempts and history, the event outbox and
-- the audit log. Times are written by the database alone (now()), so clocks are never compared.

-- Identity ------------------------------------------------------------------------------------

create table projects (
  name text primary key,
  title text not null default '',
  created_at timestamptz not null default now()
);

create table users (
  name text primary key,
  display_name text not null,
  password_hash text,
  disabled boolean not null default false,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz
);

-- A role in one project; with project null, in all of them and in the instance itself.
create table grants (
  user_name text not null references users (name) on delete cascade,
  role text not null,
  project text references projects (name) on delete cascade,
  unique nulls not distinct (user_name, role, project)
);

create table sessions (
  secret_hash bytea primary key,
  user_name text not null references users (name) on delete cascade,
  csrf text not null,
  address text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sessions_user on sessions (user_name);

create table tokens (
  id text primary key,
  user_name text not null references users (name) on delete cascade,
  name text not null,
  secret_hash bytea not null unique,
  prefix text not null,
  permissions text[],
  project text references projects (name) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index tokens_user on tokens (user_name, id);

-- One-time links: the first administrator (user_name null) or a password for an invited user.
create table links (
  secret_hash bytea primary key,
  user_name text references users (name) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

-- Failed sign-ins by account and by address; the key is hashed, so typed passwords never land here.
create table sign_in_failures (
  key text primary key,
  failures integer not null,
  last_at timestamptz not null
);

-- Artifacts -----------------------------------------------------------------------------------

create table blobs (
  sha256 text primary key,
  size_bytes bigint not null,
  created_at timestamptz not null default now()
);

-- A project sees the bytes that it put there or that its jobs made, and no others.
create table artifacts (
  project text not null references projects (name),
  sha256 text not null references blobs (sha256),
  name text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (project, sha256)
);
create index artifacts_sha256 on artifacts (sha256);

-- Engines -------------------------------------------------------------------------------------

create table engines (
  name text primary key,
  enabled boolean not null default true,
  source text not null,
  revision integer not null,
  problem text,
  removed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table engine_revisions (
  engine text not null references engines (name),
  revision integer not null,
  manifest jsonb not null,
  manifest_hash text not null,
  image_reference text not null,
  image_digest text,
  image_kind text,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (engine, revision)
);

-- Nodes and workers ---------------------------------------------------------------------------

create table nodes (
  name text primary key,
  kind text not null,
  endpoint text not null,
  state text not null default 'unknown',
  schedulable boolean not null default true,
  problem text,
  labels jsonb not null default '{}',
  facts jsonb not null default '{}',
  -- What may be reserved: the engine's own size less what the operator keeps back.
  memory_bytes bigint,
  cpus double precision,
  -- Sums over live attempts, kept in the transaction that places or ends one.
  reserved_memory_bytes bigint not null default 0,
  reserved_cpus double precision not null default 0,
  live_attempts integer not null default 0,
  -- The worker process that serves the node now; its lease is renewed by heartbeat.
  worker text,
  worker_lease_until timestamptz,
  configured boolean not null default true,
  last_seen_at timestamptz,
  changed_at timestamptz not null default now()
);

-- Jobs ----------------------------------------------------------------------------------------

create table jobs (
  id text primary key,
  project text not null references projects (name),
  engine text not null,
  engine_revision integer not null,
  state text not null default 'queued',
  wait_reason text,
  outcome_code text,
  outcome_detail text,
  parameters jsonb not null default '{}',
  tags text[] not null default '{}',
  priority integer not null default 0,
  memory_bytes bigint not null,
  cpus double precision not null,
  time_limit_ms bigint not null,
  queue_time_limit_ms bigint not null,
  -- Runtime that the engine asks for, and its limit at a time: what placement needs of a manifest.
  runtime text,
  concurrency integer,
  attempts integer not null default 0,
  -- Moves so far: the number of the last history row.
  moves integer not null default 0,
  workload_failures integer not null default 0,
  platform_failures integer not null default 0,
  -- Nodes that failed this job for the platform's reasons; avoided while others are there.
  avoid_nodes text[] not null default '{}',
  not_before timestamptz not null default now(),
  cancel_requested_at timestamptz,
  cancelled_by text,
  node text,
  submitted_by text not null,
  rerun_of text,
  idempotency_key text,
  idempotency_hash text,
  created_at timestamptz not null default now(),
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  check (state in ('queued', 'placed', 'starting', 'running', 'collecting',
                   'succeeded', 'failed', 'timed_out', 'cancelled'))
);
-- The queue is small whatever the history's size.
create index jobs_queue on jobs (priority desc, id) where state = 'queued';
create index jobs_live on jobs (engine)
  where state in ('placed', 'starting', 'running', 'collecting');
create index jobs_project on jobs (project, id desc);
create index jobs_engine on jobs (engine, id desc);
create index jobs_state on jobs (state, id desc);
create index jobs_finished on jobs (finished_at) where finished_at is not null;
create unique index jobs_idempotency on jobs (project, submitted_by, idempotency_key)
  where idempotency_key is not null;

create table job_inputs (
  job text not null references jobs (id) on delete cascade,
  position integer not null,
  name text not null,
  sha256 text not null references blobs (sha256),
  primary key (job, position)
);
create index job_inputs_sha256 on job_inputs (sha256);

create table attempts (
  id text primary key,
  job text not null references jobs (id) on delete cascade,
  number integer not null,
  state text not null default 'placed',
  node text not null references nodes (name),
  -- The fencing token: every write of the attempt's worker names it, and a new holder gets a new
  -- one, so that a late worker's writes touch nothing.
  fence text not null,
  lease_until timestamptz not null,
  engine_revision integer not null,
  image_digest text not null,
  memory_bytes bigint not null,
  cpus double precision not null,
  container_id text,
  containment jsonb,
  telemetry jsonb not null default '{}',
  observations jsonb not null default '[]',
  outcome_code text,
  outcome_detail text,
  log_bytes bigint not null default 0,
  log_truncated boolean not null default false,
  placed_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (job, number)
);
create index attempts_live on attempts (node, lease_until) where finished_at is null;
-- At most one live attempt for a job, whatever happens.
create unique index attempts_one_live on attempts (job) where finished_at is null;

create table job_history (
  job text not null references jobs (id) on delete cascade,
  number integer not null,
  at timestamptz not null default clock_timestamp(),
  state text not null,
  attempt integer,
  cause text not null,
  detail text not null default '',
  primary key (job, number)
);

create table job_artifacts (
  job text not null references jobs (id) on delete cascade,
  attempt integer not null,
  path text not null,
  sha256 text not null references blobs (sha256),
  is_primary boolean not null default false,
  primary key (job, attempt, path)
);
create index job_artifacts_sha256 on job_artifacts (sha256);

create table attempt_log (
  attempt text not null references attempts (id) on delete cascade,
  number integer not null,
  stream text not null,
  at timestamptz not null,
  bytes bytea not null,
  primary key (attempt, number)
);

-- Events and audit ----------------------------------------------------------------------------

-- Written in the transaction of the change. Readers go by (transaction, id) and stop before the
-- oldest transaction still open, so an event that commits late is never jumped over.
create table events (
  id bigint generated always as identity primary key,
  transaction xid8 not null default pg_current_xact_id(),
  type text not null,
  project text,
  subject text not null,
  actor text not null,
  data jsonb not null default '{}',
  at timestamptz not null default clock_timestamp()
);
create index events_order on events (transaction, id);

create table audit (
  number bigint primary key,
  event bigint not null unique,
  type text not null,
  project text,
  subject text not null,
  actor text not null,
  data jsonb not null,
  at timestamptz not null,
  previous text not null,
  hash text not null
);
create index audit_actor on audit (actor, number desc);
create index audit_subject on audit (subject, number desc);

-- How far each reader of the outbox came.
create table event_readers (
  name text primary key,
  transaction xid8 not null,
  id bigint not null
);

create table instance (
  "only" boolean primary key default true check ("only"),
  id text not null,
  created_at timestamptz not null default now()
);

insert into projects (name, title) values ('default', 'Default');
