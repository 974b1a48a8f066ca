-- Deletions of tags that a registry reported, until the registry itself was asked.

alter table registry_tags add column deletion jsonb;
