/** The tables of notifications as Kysely sees them; part of `schema.ts`. */
import type { Event, TargetSettings } from '@lazaret/protocol';
import type { Generated } from 'kysely';

import type { Json, NullableTimestamp, Timestamp } from './column-types.ts';

interface NotificationTargets {
  id: string;
  name: string;
  kind: string;
  source: string;
  enabled: boolean;
  settings: Json<TargetSettings>;
  digest_seconds: Generated<number>;
  created_by: string;
  created_at: Timestamp;
  changed_at: Timestamp;
  failures: Generated<number>;
  problem: string | null;
  failing_since: NullableTimestamp;
  retry_at: Timestamp;
  paused_at: NullableTimestamp;
  fence: string | null;
  lease_until: NullableTimestamp;
  delivered: Generated<number>;
  failed: Generated<number>;
  dead: Generated<number>;
  last_delivered_at: NullableTimestamp;
}

interface NotificationDeliveries {
  id: string;
  number: Generated<number>;
  target: string;
  type: string;
  project: string | null;
  subject: string;
  event: Json<Event>;
  cursor: string;
  state: Generated<string>;
  attempts: Generated<number>;
  status: number | null;
  reason: string | null;
  queued_at: Timestamp;
  attempted_at: NullableTimestamp;
  finished_at: NullableTimestamp;
}

export interface NotificationTables {
  notification_targets: NotificationTargets;
  notification_deliveries: NotificationDeliveries;
}
