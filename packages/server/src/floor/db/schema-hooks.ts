/** The tables of hooks as Kysely sees them; part of `schema.ts`. */
import type { DeliveredEvent } from '@lazaret/protocol';
import type { Generated } from 'kysely';

import type { DefaultedJson, Json, NullableTimestamp, Timestamp } from './column-types.ts';

interface Hooks {
  id: string;
  name: string;
  registry: string;
  kind: string;
  path: string;
  authentication: string;
  header: string | null;
  secret_reference: string | null;
  secret_hash: Buffer | null;
  secret_key: string | null;
  audience: string | null;
  service_account: string | null;
  keys_reference: string | null;
  ignore_actors: Generated<string[]>;
  check_image: boolean;
  source: Generated<string>;
  refused: Generated<number>;
  refused_at: NullableTimestamp;
  refused_reason: string | null;
  refused_address: string | null;
  processed: Generated<number>;
  dead_lettered: Generated<number>;
  duration_counts: Generated<number[]>;
  duration_seconds: Generated<number>;
  created_by: string;
  created_at: Timestamp;
}

/** Ignored events of a delivery with the same reason. */
export interface IgnoredCount {
  readonly reason: string;
  readonly count: number;
}

interface HookDeliveries {
  id: string;
  hook: string;
  state: Generated<string>;
  test: boolean;
  headers: Json<Record<string, string>>;
  content: Buffer | null;
  content_bytes: number;
  content_hash: Buffer;
  attempts: Generated<number>;
  retry_at: Timestamp;
  events: DefaultedJson<DeliveredEvent[]>;
  ignored: DefaultedJson<IgnoredCount[]>;
  reason: string | null;
  received_at: Timestamp;
  processed_at: NullableTimestamp;
}

export interface HookTables {
  hooks: Hooks;
  hook_deliveries: HookDeliveries;
}
