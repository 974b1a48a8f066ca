-- Watched registries, what their polls found, and arrivals: digests that reached a repository.

create table registries (
  id text primary key,
  project text not null references projects (name),
  name text not null,
  -- As in references; `local` is the container engine of the server.
  address text not null,
  source text not null,
  enabled boolean not null,
  settings jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  next_poll_at timestamptz not null default now(),
  -- Every write of a poll names it; each poll has another one.
  fence text,
  -- Renewed while a poll runs; past it the watcher is gone and another one takes over.
  lease_until timestamptz,
  poll_started_at timestamptz,
  poll_finished_at timestamptz,
  poll_complete_at timestamptz,
  poll_requests integer not null default 0,
  -- Failed polls in a row.
  failures integer not null default 0,
  problem_code text,
  problem_detail text,
  problem_since timestamptz,
  check_results jsonb,
  checked_at timestamptz,
  unique (project, name),
  unique (project, address),
  check (source in ('api', 'file'))
);
create index registries_due on registries (next_poll_at) where enabled;

create table registry_repositories (
  registry text not null references registries (id) on delete cascade,
  name text collate "C" not null,
  first_seen_at timestamptz not null default now(),
  -- The last complete listing of its tags; null until the first.
  listed_at timestamptz,
  missing_since timestamptz,
  tags integer not null default 0,
  -- Older images that were not inspected at first sight.
  skipped integer not null default 0,
  problem_code text,
  problem_detail text,
  primary key (registry, name)
);

create table registry_tags (
  registry text not null references registries (id) on delete cascade,
  repository text collate "C" not null,
  tag text collate "C" not null,
  -- The last one that is known, also of a tag that is absent; null until it was read once.
  digest text,
  media_type text,
  present boolean not null,
  changed_at timestamptz not null default now(),
  checked_at timestamptz,
  -- When the push happened by the clock of the registry: older events are late ones.
  event_at timestamptz,
  arrival text,
  problem_code text,
  problem_detail text,
  -- The digest is to be read now, because of a push that was reported.
  verify_at timestamptz,
  verify_attempts integer not null default 0,
  -- The reported push, when it did not name the digest.
  push jsonb,
  primary key (registry, repository, tag)
);
create index registry_tags_problem on registry_tags (registry) where problem_code is not null;
create index registry_tags_digest on registry_tags (digest) where digest is not null;
create index registry_tags_verify on registry_tags (verify_at) where verify_at is not null;

create table registry_tag_history (
  id bigint generated always as identity primary key,
  registry text not null references registries (id) on delete cascade,
  repository text collate "C" not null,
  tag text collate "C" not null,
  change text not null,
  digest text,
  previous text,
  source text not null,
  actor text,
  at timestamptz not null default now(),
  check (change in ('appeared', 'moved', 'disappeared'))
);
create index registry_tag_history_tag
  on registry_tag_history (registry, repository, tag, id desc);
create index registry_tag_history_registry on registry_tag_history (registry, id desc);

create table arrivals (
  id text primary key,
  project text not null references projects (name),
  registry text not null references registries (id) on delete cascade,
  repository text collate "C" not null,
  tag text collate "C",
  digest text not null,
  media_type text,
  source text not null,
  -- Of the notification, by which a repeated one is recognised.
  event_id text,
  actor text,
  pushed_at timestamptz,
  -- The higher first.
  priority smallint not null,
  state text not null default 'waiting',
  inspections text[] not null default '{}',
  verdict text,
  attempts integer not null default 0,
  -- Not to be inspected before.
  retry_at timestamptz,
  problem_code text,
  problem_detail text,
  recorded_at timestamptz not null default now(),
  settled_at timestamptz,
  check (source in ('webhook', 'poll', 'backlog', 'manual')),
  check (state in ('waiting', 'inspecting', 'inspected', 'failed'))
);
create unique index arrivals_event
  on arrivals (registry, event_id, repository, (coalesce(tag, '')), digest)
  where event_id is not null;
create index arrivals_project on arrivals (project, id desc);
create index arrivals_registry on arrivals (registry, id desc);
create index arrivals_repository on arrivals (registry, repository, id desc);
create index arrivals_digest on arrivals (digest, id desc);
create index arrivals_waiting on arrivals (priority desc, id) where state = 'waiting';
create index arrivals_open on arrivals (registry, state) where state <> 'inspected';
create index arrivals_inspecting on arrivals (id) where state = 'inspecting';

-- Which inspection comes first: of a person, then of a push, a poll, a backlog.
alter table inspections add column priority smallint not null default 40;
