-- Hooks of the configuration file, and totals of hooks for the metrics.

alter table hooks
  add column source text not null default 'api' check (source in ('api', 'file')),
  -- Deliveries that ended since the hook was added; rows of deliveries are removed after a while.
  add column processed bigint not null default 0,
  add column dead_lettered bigint not null default 0,
  -- Ended deliveries by the time from receipt to end: one number for each bucket, and the sum.
  add column duration_counts bigint[] not null default '{}',
  add column duration_seconds double precision not null default 0;
