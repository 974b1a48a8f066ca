/** The tables of the pull gate for Kysely; part of `schema.ts`. */
import type { Gate } from '@lazaret/protocol';

import type { Json, RequiredTimestamp, Timestamp } from './column-types.ts';

interface GateBlobs {
  registry: string;
  repository: string;
  blob: string;
  manifest: string;
  passed_at: Timestamp;
}

export type GateSettingsRow = Pick<
  Gate,
  'registry' | 'tls' | 'anonymous' | 'undecided' | 'unavailable'
>;
export type GateStateRow = Pick<Gate, 'waiting' | 'transfers' | 'counters'>;

interface Gates {
  id: string;
  address: string;
  host: string;
  project: string;
  settings: Json<GateSettingsRow>;
  state: Json<GateStateRow>;
  problem: string | null;
  started_at: RequiredTimestamp;
  seen_at: Timestamp;
}

export interface GateTables {
  gate_blobs: GateBlobs;
  gates: Gates;
}
