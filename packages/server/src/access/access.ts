import type { Operation } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import type { Principal } from '../floor/principal.ts';
import { authenticate, type IncomingCall } from './authenticate.ts';
import { Denials } from './denials.ts';
import { SetupLink, sweepLinks } from './links.ts';
import { ensureLocalToken, type LocalTokenOwner } from './local-token.ts';
import type { AccessParts } from './parts.ts';
import { createPasswords } from './password.ts';
import { sweepSessions } from './sessions.ts';
import { createThrottle, type SignInPace } from './throttle.ts';

export interface AccessOptions {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** The public URL of this instance, including its path; read at each use. */
  readonly publicUrl: () => string;
  /** Opens the three calls of the legacy API without a token, on the project `default`. */
  readonly anonymousLegacy: boolean;
  /** Delays after failed sign-ins; those of the limits unless given. */
  readonly signInPace?: SignInPace;
  /** Called after each change that wrote events, to have them delivered at once. */
  readonly onEvents?: () => void;
}

export interface Access {
  /** The caller; undefined without credentials. Throws `unauthenticated` for invalid ones. */
  authenticate(call: IncomingCall): Promise<Principal | undefined>;
  /**
   * Records a refusal for missing permissions in the audit log, at most once a minute. Never
   * rejects.
   */
  recordDenied(principal: Principal, operation: Operation, address: string): Promise<void>;
  /**
   * The one-time link that creates the first administrator, while no administrator can sign in:
   * the same one until it expires or is used, then a new one. Print it at start.
   */
  ensureSetupLink(): Promise<{ readonly url: string; readonly expiresAt: string } | undefined>;
  /**
   * The token of the user `local` for a server: `current` while it is valid, a new one otherwise;
   * undefined if that user is disabled. `server` identifies servers that share a database.
   */
  ensureLocalToken(owner?: Partial<LocalTokenOwner>): Promise<string | undefined>;
  /** Removes ended sessions, used links and old failed sign-ins. At start, and periodically. */
  sweep(): Promise<void>;
  /** For the handlers of this slice. */
  readonly parts: AccessParts;
}

export function createAccess(options: AccessOptions): Access {
  const { database, log, publicUrl, anonymousLegacy } = options;
  const parts: AccessParts = {
    database,
    log,
    publicUrl,
    passwords: createPasswords(),
    throttle: createThrottle(database, options.signInPace),
    onEvents: options.onEvents ?? (() => undefined),
  };
  const setupLink = new SetupLink(parts);
  const denials = new Denials(parts);
  return {
    parts,
    authenticate: (call) => authenticate(database, call, anonymousLegacy),
    recordDenied: (...denied) => denials.record(...denied),
    ensureSetupLink: () => setupLink.ensure(),
    ensureLocalToken: (owner) => ensureLocalToken(parts, { server: 'this server', ...owner }),
    sweep: async () => {
      await sweepSessions(database);
      await sweepLinks(database);
      await parts.throttle.sweep();
    },
  };
}
