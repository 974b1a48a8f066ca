-- Quarantine: evidence of images that were taken out of a registry, and the actions on registries.

-- One image in one repository, from the decision to take it out to the end of its evidence.
create table quarantine_items (
  id text primary key,
  project text not null references projects (name),
  -- The item outlives the registry of the configuration, which is found again by its address.
  registry text references registries (id) on delete set null,
  registry_name text not null,
  address text not null,
  repository text collate "C" not null,
  digest text not null,
  media_type text not null,
  mode text not null,
  -- Repository of the copy.
  target text,
  state text not null,
  reason text not null,
  -- Tags and digests beyond the named ones that may be removed too.
  confirmed text[] not null default '{}',
  created_by text not null,
  created_at timestamptz not null default now(),
  quarantined_at timestamptz,
  released_at timestamptz,
  released_by text,
  release_reason text,
  -- The decision in force that the release overrides.
  released_decision text,
  retained_until timestamptz not null,
  purged_at timestamptz,
  purged_by text,
  purge_reason text,
  check (mode in ('remove', 'move', 'block')),
  check (state in ('preparing', 'quarantined', 'blocked', 'released', 'failed', 'purged'))
);
create unique index quarantine_items_active on quarantine_items (project, address, repository, digest)
  where state in ('preparing', 'quarantined', 'blocked');
create index quarantine_items_project on quarantine_items (project, id desc);
create index quarantine_items_digest on quarantine_items (digest, id desc);
create index quarantine_items_place on quarantine_items (registry, repository, digest, id desc);

-- Manifests and blobs of an item, in the order in which they are pushed back.
create table quarantine_contents (
  item text not null references quarantine_items (id) on delete cascade,
  position integer not null,
  digest text not null,
  kind text not null,
  role text not null,
  media_type text not null,
  size_bytes bigint not null,
  -- Of a manifest in the repository.
  tags text[] not null,
  -- Whether the manifest is taken out of the registry; others are kept for the restoration only.
  removes boolean not null,
  -- In the blob store; null until it is stored.
  sha256 text,
  verified_at timestamptz,
  removed_at timestamptz,
  -- When the bytes were deleted from the blob store.
  deleted_at timestamptz,
  primary key (item, digest),
  check (kind in ('manifest', 'blob'))
);
create index quarantine_contents_digest on quarantine_contents (digest) where deleted_at is null;
create index quarantine_contents_sha256 on quarantine_contents (sha256) where deleted_at is null;

-- What Lazaret does to a registry: recorded before it happens.
create table actions (
  id text primary key,
  project text not null references projects (name),
  kind text not null,
  state text not null,
  registry text references registries (id) on delete set null,
  registry_name text not null,
  address text not null,
  repository text collate "C" not null,
  digest text not null,
  item text references quarantine_items (id) on delete set null,
  -- Who asked for it: a person, or a policy with its decision.
  origin text not null,
  decision text,
  requested_by text not null,
  requested_at timestamptz not null default now(),
  reason text not null,
  parameters jsonb not null,
  -- Why a person has to approve it.
  approval_reason text,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  -- The step that began last, and all of them.
  step text,
  steps jsonb not null default '[]',
  attempts integer not null default 0,
  retry_at timestamptz not null default now(),
  -- Every write of a run names it; each run has another one.
  fence text,
  lease_until timestamptz,
  outcome text,
  problem_code text,
  problem_detail text,
  finished_at timestamptz,
  check (kind in ('quarantine', 'release', 'attach')),
  check (state in ('proposed', 'approved', 'running', 'done', 'failed', 'rejected')),
  check (origin in ('person', 'policy'))
);
create index actions_project on actions (project, id desc);
create index actions_item on actions (item, id desc);
create index actions_due on actions (retry_at) where state in ('approved', 'running');
create index actions_digest on actions (digest, id desc);
create index actions_recent on actions (requested_at) where origin = 'policy';
