import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import type { Principal } from '../floor/principal.ts';
import type { RequestHeaders } from './credentials.ts';
import type { Passwords } from './password.ts';
import type { Throttle } from './throttle.ts';

/** What every action of this slice works with. */
export interface AccessParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  /** Where people reach this instance, for links and for whether cookies need https. */
  readonly publicUrl: () => string;
  /** Called after changes that wrote events. */
  readonly onEvents: () => void;
}

/** Who does something, and from where. */
export interface Caller {
  readonly principal: Principal;
  readonly address: string;
  readonly headers: RequestHeaders;
}
