import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import type { Principal } from '../floor/principal.ts';
import type { RequestHeaders } from './credentials.ts';
import type { Passwords } from './password.ts';
import type { Throttle } from './throttle.ts';

/** Shared dependencies of the actions of this slice. */
export interface AccessParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  /** The public URL of this instance, for links and for the Secure flag of cookies. */
  readonly publicUrl: () => string;
  /** Called after changes that wrote events. */
  readonly onEvents: () => void;
}

/** The actor of an action, and the address. */
export interface Caller {
  readonly principal: Principal;
  readonly address: string;
  readonly headers: RequestHeaders;
}
