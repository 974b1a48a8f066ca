/** Tables of collector scripts. */
import type { ColumnType, Generated } from 'kysely';
import type { ScriptSettings } from '@lazaret/protocol';

import type {
  DefaultedJson,
  Json,
  NullableTimestamp,
  RequiredTimestamp,
  Timestamp,
} from './column-types.ts';

interface Scripts {
  id: string;
  name: string;
  kind: string;
  source: string;
  enabled: Generated<boolean>;
  content: Buffer;
  sha256: string;
  revision: string;
  settings: Json<ScriptSettings>;
  planned_from: number | null;
  planned_at: RequiredTimestamp;
  created_by: string;
  created_at: Timestamp;
  changed_at: Timestamp;
  removed_at: NullableTimestamp;
}

interface ScriptRuns {
  id: string;
  script: string;
  revision: string;
  sha256: string;
  project: string;
  digest: string;
  platform: string | null;
  state: Generated<string>;
  priority: number;
  image: number;
  attempts: Generated<number>;
  retry_at: Timestamp;
  wait_reason: string | null;
  outcome: string | null;
  detail: Generated<string>;
  exit_code: number | null;
  limits_reached: Generated<string[]>;
  stdout: Generated<Buffer>;
  stderr: Generated<Buffer>;
  stderr_truncated: Generated<boolean>;
  output: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
  user_id: Generated<string>;
  variables_dropped: Generated<string[]>;
  findings: Generated<number>;
  requested_by: string;
  requested_at: Timestamp;
  started_at: NullableTimestamp;
  finished_at: NullableTimestamp;
}

interface ScriptDisagreements {
  run: string;
  number: number;
  rule: string;
  type: string;
  package: string;
  architecture: string | null;
  inside: string | null;
  static: string | null;
}

interface ScriptRunner {
  singleton: Generated<boolean>;
  paused_at: NullableTimestamp;
  paused_by: string | null;
  node: string | null;
  problem: string | null;
  kinds: DefaultedJson<Record<string, string | null>>;
  seen_at: NullableTimestamp;
}

export interface ScriptTables {
  scripts: Scripts;
  script_runs: ScriptRuns;
  script_disagreements: ScriptDisagreements;
  script_runner: ScriptRunner;
}
