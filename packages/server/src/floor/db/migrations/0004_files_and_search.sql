-- Files as content by SHA-256, uploaded archives of images, and the search over everything.

-- Archives ------------------------------------------------------------------------------------

-- Of an inspection whose reference is `artifact:SHA256`: what the upload was called, and its size.
alter table inspections add column archive_name text;
alter table inspections add column archive_bytes bigint;

-- By which references an image was inspected: its layers are read again from there.
create index inspection_images_digest on inspection_images (digest, inspection);

-- Files ---------------------------------------------------------------------------------------

-- From which file of which image an artifact was taken.
create table artifact_origins (
  project text not null,
  sha256 text not null,
  image text not null,
  reference text not null,
  layer integer not null,
  path text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  foreign key (project, sha256) references artifacts (project, sha256) on delete cascade
);
create index artifact_origins_artifact on artifact_origins (sha256, project);
create unique index artifact_origins_once
  on artifact_origins (project, sha256, image, layer, md5(path));

-- What scanners found against a content, whatever its path.
create index image_findings_sha256 on image_findings ((finding ->> 'sha256'), image, number)
  where finding ? 'sha256';

-- Names ---------------------------------------------------------------------------------------

-- Every name once: a part of a name is looked for here, and what has the name by its index. There
-- are far fewer names than files. Names stay when the last of their files is gone.
create table file_names (name text collate "C" primary key);
create table package_names (name text collate "C" primary key);
create table rule_names (name text collate "C" primary key);

insert into file_names
  select distinct left(split_part(path, '/', -1), 200) from layer_files where not implied
  on conflict do nothing;
insert into package_names select distinct left(name, 500) from image_packages on conflict do nothing;
insert into rule_names select distinct left(rule, 500) from image_findings on conflict do nothing;

-- Like layer_files_path, of the last component.
create index layer_files_name on layer_files ((left(split_part(path, '/', -1), 200)), layer, number)
  where not implied;
create index images_digest on images (digest text_pattern_ops, id desc);
create index artifacts_sha256_start on artifacts (sha256 text_pattern_ops, project);
create index jobs_tags on jobs using gin (tags);
create index jobs_id_start on jobs (id text_pattern_ops);

-- Trigrams make a part of a name a matter of an index. The extension comes with PostgreSQL, but an
-- operator may not have installed it: the search is then as right, and slower.
do $$
begin
  create extension if not exists pg_trgm;
exception when others then
  raise notice 'pg_trgm is not available: searches for a part of a name read all names';
end
$$;
do $$
begin
  if exists (select from pg_extension where extname = 'pg_trgm') then
    create index file_names_part on file_names using gin (name gin_trgm_ops);
    create index package_names_part on package_names using gin (name gin_trgm_ops);
    create index rule_names_part on rule_names using gin (name gin_trgm_ops);
    create index job_inputs_name_part on job_inputs using gin (name gin_trgm_ops);
    create index artifacts_name_part on artifacts using gin (name gin_trgm_ops);
  end if;
end
$$;
