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
/** Durations of one outcome. */
export interface DurationCounts {
  /** Of all, in seconds. */
  readonly sum: number;
  /** How many took at most each bound and more than the one before; the last exceed all bounds. */
  readonly counts: readonly number[];
}

export interface GateDurations {
  /** Upper bounds, in seconds. */
  readonly bounds: readonly number[];
  /** By outcome. */
  readonly pulls: Readonly<Record<string, DurationCounts>>;
  readonly reviews: Readonly<Record<string, DurationCounts>>;
}

export interface GateStateRow extends Pick<Gate, 'waiting' | 'transfers' | 'counters'> {
  /** Missing in reports of earlier versions. */
  readonly durations?: GateDurations;
}

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
