-- The latest artifacts of a name that many have are found without sorting all of them.
create index artifacts_recent on artifacts (created_at desc, sha256 desc, project desc);
