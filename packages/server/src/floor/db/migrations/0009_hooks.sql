-- Hooks, to which registries send notifications of pushes, and what they received.

create table hooks (
  id text primary key,
  name text not null unique,
  registry text not null references registries (id) on delete cascade,
  kind text not null,
  -- Part of the address; not guessable.
  path text not null unique,
  authentication text not null,
  header text,
  -- `file:PATH` or `env:NAME`; null for a generated secret.
  secret_reference text,
  -- SHA-256 of a generated secret that is only compared.
  secret_hash bytea,
  -- A generated key of signatures, which has to be readable.
  secret_key text,
  -- Of tokens.
  audience text,
  service_account text,
  keys_reference text,
  ignore_actors text[] not null default '{}',
  check_image boolean not null,
  -- Requests that were not authentic; written now and then.
  refused bigint not null default 0,
  refused_at timestamptz,
  refused_reason text,
  refused_address text,
  created_by text not null,
  created_at timestamptz not null default now(),
  check (authentication in ('header', 'hmac', 'path', 'oidc'))
);
create index hooks_registry on hooks (registry);
create unique index hooks_check_image on hooks (check_image) where check_image;

-- The row is the queue: it is committed before the sender is answered.
create table hook_deliveries (
  id text primary key,
  hook text not null references hooks (id) on delete cascade,
  state text not null default 'queued',
  test boolean not null,
  -- Those that say what the content is, never those that authenticate.
  headers jsonb not null,
  -- The authenticated bytes; null when they are no longer needed.
  content bytea,
  content_bytes integer not null,
  content_hash bytea not null,
  attempts integer not null default 0,
  retry_at timestamptz not null default now(),
  events jsonb not null default '[]',
  ignored jsonb not null default '[]',
  reason text,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  check (state in ('queued', 'processed', 'dead'))
);
create index hook_deliveries_queued on hook_deliveries (hook, id) where state = 'queued';
create index hook_deliveries_hook on hook_deliveries (hook, state, id desc);
create index hook_deliveries_content on hook_deliveries (hook, content_hash, received_at desc);
