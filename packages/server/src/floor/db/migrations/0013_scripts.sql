-- Collector scripts, and their runs in containers of inspected images.

create table scripts (
  id text primary key,
  name text collate "C" not null,
  kind text not null,
  source text not null,
  enabled boolean not null default true,
  content bytea not null,
  sha256 text not null,
  -- Of the content and of all settings that influence a run.
  revision text not null,
  settings jsonb not null,
  -- Images with an id from this one on were considered; null once all were.
  planned_from bigint,
  -- Images that were inspected before were considered, unless planned_from says otherwise.
  planned_at timestamptz not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  -- Results refer to it, so that the row is kept.
  removed_at timestamptz,
  check (kind in ('shell', 'python', 'javascript', 'binary')),
  check (source in ('api', 'directory', 'default'))
);
create unique index scripts_name on scripts (name) where removed_at is null;

-- The row is the queue entry.
create table script_runs (
  id text primary key,
  script text not null references scripts (id),
  revision text not null,
  sha256 text not null,
  project text not null references projects (name),
  digest text not null,
  platform text,
  state text not null default 'queued',
  -- The higher first: requests of users before the background.
  priority smallint not null,
  -- The id of the image, so that newer ones come first.
  image bigint not null,
  attempts integer not null default 0,
  retry_at timestamptz not null default now(),
  wait_reason text,
  outcome text,
  detail text not null default '',
  exit_code integer,
  limits_reached text[] not null default '{}',
  stdout bytea not null default '',
  stderr bytea not null default '',
  stderr_truncated boolean not null default false,
  -- Parsed; null unless the output has the declared format.
  output jsonb,
  user_id text not null default '',
  variables_dropped text[] not null default '{}',
  findings integer not null default 0,
  requested_by text not null,
  requested_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (project, digest, script, revision),
  check (state in ('queued', 'running', 'finished'))
);
create index script_runs_queued on script_runs (priority desc, image desc, id)
  where state = 'queued';
create index script_runs_running on script_runs (id) where state = 'running';
create index script_runs_image on script_runs (project, digest, id desc);
create index script_runs_script on script_runs (script, state);

create table script_disagreements (
  run text not null references script_runs (id) on delete cascade,
  number integer not null,
  rule text not null,
  type text not null,
  package text not null,
  architecture text,
  inside text,
  static text,
  primary key (run, number)
);

-- One row: what is the same for all processes.
create table script_runner (
  singleton boolean primary key default true check (singleton),
  paused_at timestamptz,
  paused_by text,
  node text,
  problem text,
  kinds jsonb not null default '{}',
  seen_at timestamptz
);
insert into script_runner default values;
