-- Stored images are inspected again when scanners, rules, lists or advisories have changed: with
-- which configuration that was last requested, and when.
alter table decisions_in_force add column reexamined text;
alter table decisions_in_force add column reexamined_at timestamptz;
