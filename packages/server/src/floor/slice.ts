/**
 * The interface of a slice for its process, as one value created by one function of its index.
 * `app/compose.ts` lists the slices and iterates over the list; it does not depend on their
 * content.
 */
import type { OperationOutput, Overview, system } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { RoleName } from './config/index.ts';
import type { Database } from './db/index.ts';
import type { Route } from './http/index.ts';
import type { Loop } from './loop.ts';
import type { Principal } from './principal.ts';
import type { Searchable } from './searchable.ts';

export interface Slice {
  readonly name: string;
  /** Its operations; the HTTP server refuses to start unless every operation has one route. */
  readonly routes?: readonly Route[];
  /** Its searchables for the global search. */
  readonly searchables?: readonly Searchable[];
  /** Its background loops, which liveness watches. Called each time, since loops start and end. */
  readonly loops?: () => readonly Loop[];
  /** Checks for readiness and the list of missing components. */
  readonly health?: SliceHealth;
  /** Its part of what waits for a person, in the projects of the caller. */
  readonly overview?: (caller: Principal) => Promise<Partial<Overview>>;
  /** Ends its timers and subscriptions. Loops end with the signal of the context. */
  readonly stop?: () => Promise<void>;
}

export interface SliceHealth {
  readonly checks?: readonly HealthCheck[];
  /** Unavailable components, the reasons, and what to do. */
  readonly missing?: () => Promise<MissingPart[]>;
}

export interface HealthCheck {
  readonly name: string;
  /** The role without which a failure does not make the process unready; any role unless given. */
  readonly neededBy?: RoleName;
  /** Returns a detail such as `1 of 2 online`; throws `Unhealthy` or any other error. */
  readonly check: () => Promise<string>;
}

/**
 * A state that may be shown unchanged. Other errors may contain addresses, and health is public.
 */
export class Unhealthy extends Error {}

export type MissingPart = OperationOutput<typeof system.show>['missing'][number];

/** Shared services of the process for slices. */
export interface SliceContext {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
  /** Delivers committed events at once instead of at the next poll; call it after the commit. */
  readonly onEvents: () => void;
  /** Wakes the loops of roles, if they run in this process. */
  readonly wake: (...roles: readonly RoleName[]) => void;
  /**
   * Resolves when a job or inspection may have changed, after the polling period, or on the signal.
   */
  readonly changed: (id: string, signal: AbortSignal) => Promise<void>;
  /** Resolves what waits for a change of this in the process. */
  readonly notify: (id: string) => void;
  readonly clock: Clock;
}

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
}
