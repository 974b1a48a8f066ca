-- Policies with their versions, exceptions, and decisions about images in registries.

create table policies (
  id text primary key,
  project text not null references projects (name),
  name text collate "C" not null,
  -- `file`: from the directory of policies, by its path there.
  source text not null,
  file text,
  -- In force; null while no version was valid.
  version integer,
  -- Why the file as it is now is refused: its digest and every fault.
  problem_sha256 text,
  problem jsonb,
  problem_since timestamptz,
  changed_by text not null,
  changed_at timestamptz not null default now(),
  removed_at timestamptz,
  unique (project, name),
  check (source in ('api', 'file'))
);

-- Never changed: decisions refer to them.
create table policy_versions (
  policy text not null references policies (id),
  version integer not null,
  -- Of the bytes of the document in UTF-8.
  sha256 text not null,
  document text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (policy, version)
);

create table policy_exceptions (
  id text primary key,
  project text not null references projects (name),
  match jsonb not null,
  reason text not null,
  owner text not null,
  expires_at timestamptz not null,
  -- `manual`, or the name of a VEX document.
  source text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  removed_by text,
  removed_at timestamptz
);
create index policy_exceptions_project on policy_exceptions (project, id desc);
create index policy_exceptions_source on policy_exceptions (project, source)
  where removed_at is null;

-- Judging stored images again, one row for each project.
create table rejudgements (
  project text primary key references projects (name),
  -- Raised by every change of policies and exceptions of the project.
  revision bigint not null default 1,
  state text not null default 'idle',
  trigger text not null default 'policy',
  cause text not null default '',
  caused_by text not null default '',
  -- Images of later arrivals were judged.
  reached text,
  total integer not null default 0,
  judged integer not null default 0,
  changed integer not null default 0,
  skipped integer not null default 0,
  requested_at timestamptz,
  finished_at timestamptz,
  check (state in ('idle', 'running', 'paused'))
);

-- Append-only, also when the registry is removed.
create table decisions (
  id text primary key,
  project text not null references projects (name),
  registry text not null,
  registry_name text not null,
  repository text collate "C" not null,
  digest text not null,
  tags text[] not null,
  arrival text not null,
  trigger text not null,
  policy_name text not null,
  policy_version integer not null,
  policy_sha256 text not null,
  -- Worst verdict of the inspections; null without any.
  inspected text,
  verdict text not null,
  -- The strictest action that is applied.
  action text not null,
  -- Each with its state, the reason, the rules, and how often an hour without a person.
  actions jsonb not null,
  reasons text[] not null,
  -- Images that were judged, with their inspections and the digests of their reports.
  images jsonb not null,
  rules jsonb not null,
  exceptions jsonb not null,
  approved_by text not null,
  caused_by text not null,
  previous text,
  decided_at timestamptz not null default now(),
  check (verdict in ('pass', 'warn', 'incomplete', 'fail')),
  check (action in ('none', 'report', 'notify', 'attach', 'block', 'quarantine', 'delete'))
);
create function refuse_change_of_decision() returns trigger language plpgsql as $$
begin
  raise exception 'decisions are append-only';
end
$$;
create trigger decisions_append_only before update or delete on decisions
  for each row execute function refuse_change_of_decision();
create index decisions_project on decisions (project, id desc);
create index decisions_place on decisions (registry, repository, digest, id desc);
create index decisions_digest on decisions (digest, id desc);
-- What asks for an effect, for those who take actions.
create index decisions_action on decisions (action, id) where action <> 'none';

-- The newest decision of every digest in a repository, and of the images of an index, which can be
-- pulled by their own digests.
create table decisions_in_force (
  registry text not null references registries (id) on delete cascade,
  repository text collate "C" not null,
  digest text not null,
  decision text not null references decisions (id),
  -- Of this digest: an image of an index may be better than the index.
  verdict text not null,
  action text not null,
  project text not null,
  -- The latest arrival, whose id orders judging again.
  arrival text not null,
  is_part boolean not null,
  -- Digests of the inspected images.
  images text[] not null,
  -- Why something was not inspected.
  problem text,
  -- Digest of the result with its reasons: an equal one makes no new decision.
  outcome text not null,
  -- Of policies and exceptions that it was judged with.
  revision bigint not null,
  -- When it has to be judged again: an exception that it rests on ends; -infinity: there is a new
  -- report.
  due_at timestamptz,
  primary key (registry, repository, digest)
) with (fillfactor = 80);
create index decisions_in_force_arrival on decisions_in_force (project, arrival desc)
  where not is_part;
create index decisions_in_force_due on decisions_in_force (due_at) where due_at is not null;
create index decisions_in_force_images on decisions_in_force using gin (images);
create index decisions_in_force_decision on decisions_in_force (decision);

-- The decision of an arrival; settled ones without are decided by the watcher.
alter table arrivals add column decision text;
alter table arrivals add column action text;
create index arrivals_undecided on arrivals (id)
  where decision is null and settled_at is not null;

-- Parts of the report of an image for policies: `core`, and each long list by its name.
create table image_facts (
  image bigint not null references images (id) on delete cascade,
  part text not null,
  content text not null,
  primary key (image, part)
);
