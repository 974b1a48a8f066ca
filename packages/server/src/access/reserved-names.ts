import { Problem } from '@lazaret/protocol';

/** The local user: reading the server's data directory allows acting as it. */
export const localUserName = 'local';

/** Names that events use for parts of Lazaret and for callers without a user. */
const reservedUserNames: ReadonlySet<string> = new Set([
  localUserName,
  'anonymous',
  'nobody',
  'unknown',
  'system',
  'lazaret',
  'setup',
  'server',
  'api',
  'scheduler',
  'worker',
  'inspector',
  'watcher',
  'relay',
  'reconciler',
  'engines',
]);

/** A person with such a name could be mistaken for a part of Lazaret in the audit log. */
export function checkUserName(name: string): void {
  if (!reservedUserNames.has(name)) return;
  throw new Problem('invalid_request', `name: ${name} is reserved; choose another`, {
    fields: [{ path: 'name', message: 'is reserved; choose another' }],
  });
}

/** The local user authenticates with its file only, so it has no password and no link. */
export function refuseLocalUser(name: string, what: string): void {
  if (name !== localUserName) return;
  throw new Problem(
    'invalid_request',
    `${localUserName} is the local user of the server: ${what}. Disable it to refuse its token`,
    { fields: [{ path: 'path.name', message: `is the local user of the server: ${what}` }] },
  );
}
