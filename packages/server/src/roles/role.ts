/**
 * A role is what a process of the instance does: serve the API, schedule jobs, run containers,
 * inspect images. All roles have the same interface, and depend on the core of the process.
 */
import type { SharedRates } from '@lazaret/analysis';

import type { BlobStore } from '../blobs/index.ts';
import type { Executor } from '../executors/index.ts';
import type { LoadedConfiguration } from '../floor/config/index.ts';
import type { DatabaseHandle } from '../floor/db/index.ts';
import type { Outbox } from '../floor/events/index.ts';
import type { Loop } from '../floor/loop.ts';
import type { SliceContext } from '../floor/slice.ts';
import type { InspectionQueue, RegistryLookup } from '../inspection/index.ts';

/** Shared services of all parts of a process. */
export interface Core extends SliceContext {
  readonly configuration: LoadedConfiguration;
  readonly version: string;
  readonly handle: DatabaseHandle;
  /** Connections that only hold locks. */
  readonly locks: DatabaseHandle;
  readonly blobs: BlobStore;
  /** Of inspections. */
  readonly queue: InspectionQueue;
  readonly outbox: Outbox;
  /** Rates of registries, shared by all that use them in this process. */
  readonly sharedRates: SharedRates;
  readonly findRegistry: RegistryLookup;
  /** By the name of the node; empty unless the process is a worker. */
  readonly executors: ReadonlyMap<string, Executor>;
  /** Labels this installation's containers. */
  readonly instance: string;
  readonly dataDirectory: string;
  /** Reports that a job or an inspection changed, after the commit. */
  readonly onChange: (id: string) => void;
}

export interface StopOptions {
  /** Stop containers too, instead of leaving them to the next start. */
  readonly takeDown: boolean;
}

/** A running role. */
export interface Role {
  /** For liveness. Called each time, since loops start and end with their locks. */
  readonly loops: () => readonly Loop[];
  /** Checks for work now instead of at the next poll. */
  wake(): void;
  /** Resolves when it has stopped completely. */
  stop(options: StopOptions): Promise<void>;
}

export type StartRole = (core: Core) => Role | Promise<Role>;
