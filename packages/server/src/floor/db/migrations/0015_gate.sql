-- The pull gate: the blobs of manifests that passed it, and the processes that serve it.

alter table arrivals drop constraint arrivals_source_check;
alter table arrivals add constraint arrivals_source_check
  check (source in ('gate', 'webhook', 'poll', 'backlog', 'manual'));
create index arrivals_place on arrivals (registry, repository, digest, id desc);

create table gate_blobs (
  registry text not null references registries (id) on delete cascade,
  repository text collate "C" not null,
  blob text not null,
  -- The manifest that lists the blob and was allowed when it was pulled.
  manifest text not null,
  passed_at timestamptz not null default now(),
  primary key (registry, repository, blob, manifest)
);
create index gate_blobs_passed on gate_blobs (passed_at);

create table gates (
  -- Of the process.
  id text primary key,
  address text not null,
  host text not null,
  project text not null,
  settings jsonb not null,
  state jsonb not null,
  problem text,
  started_at timestamptz not null,
  seen_at timestamptz not null default now()
);
