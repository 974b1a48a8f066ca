/** What polls work with. */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/schema.ts';
import type { ClientParts } from './connection.ts';
import type { PollLease } from './poll-lease.ts';
import type { WatchScope } from './repository-patterns.ts';

export interface PollParts extends ClientParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** Of the local container engine. */
  readonly dockerHost: string;
  /** Told after changes were committed. */
  readonly onChange: () => void;
}

export interface PollContext {
  readonly lease: PollLease;
  readonly scope: WatchScope;
  readonly signal: AbortSignal;
}
