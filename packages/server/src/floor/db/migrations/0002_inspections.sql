-- Inspections of images and what was found: by project and digest, files of layers once for all
-- images that share them, and the indexes of the search.

-- The tasks -----------------------------------------------------------------------------------

create table inspections (
  id text primary key,
  project text not null references projects (name),
  reference text not null,
  platform text not null,
  force boolean not null,
  state text not null default 'queued',
  phase text not null default 'waiting',
  layers_done integer not null default 0,
  layers_total integer not null default 0,
  files_seen bigint not null default 0,
  -- How often it was begun, whatever became of it.
  attempts integer not null default 0,
  -- Every write of an inspector names it; each attempt has another one.
  fence text,
  -- Renewed while it runs; past it the inspector is gone and the queue gives it to another.
  lease_until timestamptz,
  -- Of the job in the queue.
  queue_id uuid not null,
  problem_code text,
  problem_detail text,
  cancel_requested_at timestamptz,
  requested_by text not null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  check (state in ('queued', 'running', 'finished', 'failed', 'cancelled'))
);
create index inspections_project on inspections (project, id desc);
create index inspections_state on inspections (state, id desc);
-- The same thing waits or runs once in a project.
create unique index inspections_live on inspections (project, reference, platform, force)
  where state in ('queued', 'running');

create table inspection_keys (
  project text not null,
  actor text not null,
  key text not null,
  hash bytea not null,
  inspection text not null references inspections (id) on delete cascade,
  primary key (project, actor, key)
);
create index inspection_keys_inspection on inspection_keys (inspection);

create table inspection_images (
  inspection text not null references inspections (id) on delete cascade,
  position integer not null,
  digest text not null,
  platform text,
  verdict text not null,
  known boolean not null,
  primary key (inspection, position)
);

-- Layers --------------------------------------------------------------------------------------

-- A layer as it was examined: the verified digest of its tar, and one over the rows made of it,
-- so that a partial or older examination never stands in for another one.
create table layers (
  id bigint generated always as identity primary key,
  diff_id text not null,
  content bytea not null,
  files integer not null,
  created_at timestamptz not null default now(),
  unique (diff_id, content)
);

-- Numbers follow the order of paths; parent is the number of the directory, 0 the root's.
create table layer_files (
  layer bigint not null references layers (id) on delete cascade,
  number integer not null,
  parent integer not null,
  path text collate "C" not null,
  type text not null,
  -- A directory that no entry names, known from what lies below it.
  implied boolean not null,
  has_children boolean not null,
  mode integer not null,
  uid bigint not null,
  gid bigint not null,
  size_bytes bigint not null,
  mtime_ms double precision not null,
  link_path text,
  kind text,
  sha256 bytea,
  sha1 bytea,
  md5 bytea,
  -- What few files have: device numbers, capabilities, similarity digests, a path that is no text.
  extra jsonb,
  primary key (layer, number)
);
create index layer_files_parent on layer_files (layer, parent, number);
-- An entry of an index has at most 2,704 bytes: the rest of a longer path is compared with the row.
create index layer_files_path on layer_files ((left(path, 500)), layer, number);
create index layer_files_sha256 on layer_files (sha256, layer, number) where sha256 is not null;
create index layer_files_sha1 on layer_files (sha1, layer, number) where sha1 is not null;
create index layer_files_md5 on layer_files (md5, layer, number) where md5 is not null;

-- Images --------------------------------------------------------------------------------------

create table images (
  id bigint generated always as identity primary key,
  project text not null references projects (name),
  digest text not null,
  names text[] not null,
  platform text,
  distribution text,
  verdict text not null,
  layer_count integer not null,
  package_count integer not null,
  file_count bigint not null,
  -- critical, high, medium, low, info
  finding_counts integer[] not null,
  size_bytes bigint not null,
  -- The report without its long lists.
  summary jsonb not null,
  -- Everything but the files: JSON, compressed with Zstandard.
  report bytea not null,
  -- Digest over tool, scanners and signatures; null when the answer must not be given again.
  means text,
  inspection text not null,
  inspected_at timestamptz not null default now(),
  unique (project, digest)
);
-- A new report is a new row: the order of ids is that of inspections.
create index images_project on images (project, id desc);

create table image_layers (
  image bigint not null references images (id) on delete cascade,
  position integer not null,
  layer bigint not null references layers (id),
  primary key (image, position)
);
create index image_layers_layer on image_layers (layer, image, position);

-- What a later layer hides, which depends on the image.
create table image_hidden (
  image bigint not null references images (id) on delete cascade,
  position integer not null,
  number integer not null,
  hidden_by integer not null,
  primary key (image, position, number)
);

create table image_packages (
  image bigint not null references images (id) on delete cascade,
  number integer not null,
  type text not null,
  name text collate "C" not null,
  purl text collate "C" not null,
  hidden boolean not null,
  -- As the report has it.
  fact jsonb not null,
  primary key (image, number)
);
create index image_packages_name on image_packages ((left(name, 500)), image, number);
create index image_packages_purl on image_packages ((left(purl, 500)), image, number);

create table image_findings (
  image bigint not null references images (id) on delete cascade,
  -- In the order of severity.
  number integer not null,
  severity text not null,
  class text not null,
  scanner text not null,
  rule text collate "C" not null,
  finding jsonb not null,
  primary key (image, number)
);
create index image_findings_rule on image_findings ((left(rule, 500)), image, number);
