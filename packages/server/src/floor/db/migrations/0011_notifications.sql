-- Targets that are notified of events, and deliveries: one event for one target.

create table notification_targets (
  id text primary key,
  name text not null unique,
  kind text not null,
  source text not null,
  enabled boolean not null,
  settings jsonb not null,
  -- How long events are collected before they are sent together; 0 sends each by itself.
  digest_seconds integer not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  -- Failed attempts in a row, the reason of the last, and the time of the first.
  failures integer not null default 0,
  problem text,
  failing_since timestamptz,
  -- Nothing is sent before.
  retry_at timestamptz not null default now(),
  -- After failing for long; nothing is sent until it is resumed.
  paused_at timestamptz,
  -- One process sends to a target at a time; past the lease another one takes over.
  fence text,
  lease_until timestamptz,
  -- Totals, which the retention of deliveries does not change.
  delivered bigint not null default 0,
  failed bigint not null default 0,
  dead bigint not null default 0,
  last_delivered_at timestamptz,
  check (kind in ('webhook', 'email', 'file')),
  check (source in ('api', 'file'))
);

-- The row is the queue entry: it is written by the reader of events with its position.
create table notification_deliveries (
  id text primary key,
  -- The order in which a target receives them.
  number bigint generated always as identity unique,
  target text not null references notification_targets (id) on delete cascade,
  type text not null,
  project text,
  subject text not null,
  -- The event as the stream of events has it.
  event jsonb not null,
  cursor text not null,
  state text not null default 'queued',
  attempts integer not null default 0,
  -- What the receiver answered last, and why that was a failure.
  status integer,
  reason text,
  queued_at timestamptz not null default now(),
  attempted_at timestamptz,
  finished_at timestamptz,
  unique (target, cursor),
  check (state in ('queued', 'delivered', 'dead'))
);
create index notification_deliveries_queued on notification_deliveries (target, number)
  where state = 'queued';
create index notification_deliveries_state on notification_deliveries (target, state, number desc);
