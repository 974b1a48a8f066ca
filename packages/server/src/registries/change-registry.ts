/** Adding, changing and removing of watched registries: by the API and the configuration file. */
import {
  Problem,
  watchSettings,
  type ProblemField,
  type RegistryChange,
  type WatchSettings,
} from '@lazaret/protocol';
import { parseReference } from '@lazaret/analysis';
import { SourceError } from '@lazaret/oci';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import {
  mayNameVariable,
  resolveReferencedFile,
  type FilePlaces,
} from '../floor/secret-reference.ts';
import { localAddress, type WatchedRegistry } from './connection.ts';
import { variablePrefix } from './server-file.ts';

export interface NewRegistry {
  readonly name: string;
  readonly address: string;
  readonly project: string;
  readonly settings: WatchSettings;
}

export interface ChangeContext {
  readonly database: Kysely<Database>;
  readonly actor: string;
  readonly source: 'api' | 'file';
  /** Of files that the API may name. */
  readonly directory: string;
}

/** Answers the id. Throws invalid_request, already_exists, not_found for the project. */
export async function addRegistry(registry: NewRegistry, context: ChangeContext): Promise<string> {
  const { actor, source } = context;
  const settings = checkSettings(registry.settings, registry.address, context);
  const address = checkAddress(registry.address, settings);
  const { name, project } = registry;
  const id = newId();
  try {
    await transaction(context.database, async (trx) => {
      await trx
        .insertInto('registries')
        .values({
          ...{ id, name, project, address, source, created_by: actor },
          ...{ enabled: settings.enabled, settings: JSON.stringify(settings) },
        })
        .execute();
      const data = { address, kind: settings.kind };
      await appendEvents(trx, [{ type: 'registry.added', subject: name, project, actor, data }]);
    });
  } catch (error) {
    throw toConflict(error, { ...registry, address }) ?? error;
  }
  return id;
}

function toConflict(error: unknown, { name, address, project }: NewRegistry): Problem | undefined {
  const { constraint } = error as { constraint?: string };
  if (constraint === 'registries_project_fkey') {
    return new Problem('not_found', `there is no project ${project} that you can see`);
  }
  if (constraint === 'registries_project_name_key') {
    return new Problem('already_exists', `the project ${project} has a registry ${name} already`);
  }
  if (constraint !== 'registries_project_address_key') return undefined;
  const detail = `the project ${project} watches ${address} already`;
  return new Problem('already_exists', `${detail}; add repositories to that registry instead`);
}

/** Polls it at once with the new settings. Throws conflict for one of the configuration file. */
export async function changeRegistry(
  registry: WatchedRegistry,
  change: RegistryChange,
  context: ChangeContext,
): Promise<void> {
  refuseFile(registry, context);
  const merged = watchSettings.parse({ ...registry.settings, ...change });
  const settings = checkSettings(merged, registry.address, context);
  checkAddress(registry.address, settings);
  await transaction(context.database, (trx) => writeSettings(trx, registry, { settings, context }));
}

async function writeSettings(
  trx: Transaction<Database>,
  { id, name, project, settings: before }: WatchedRegistry,
  { settings, context }: { readonly settings: WatchSettings; readonly context: ChangeContext },
): Promise<void> {
  const changed = Object.keys(settings).filter(
    (key) =>
      JSON.stringify(settings[key as keyof WatchSettings]) !==
      JSON.stringify(before[key as keyof WatchSettings]),
  );
  if (changed.length === 0) return;
  await trx
    .updateTable('registries')
    .set({
      ...{ settings: JSON.stringify(settings), enabled: settings.enabled },
      // A running poll is ended by the loss of its lease.
      ...{ fence: null, lease_until: null, failures: 0, changed_at: sql<Date>`now()` },
      next_poll_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .execute();
  const event = { type: 'registry.changed', subject: name, project } as const;
  await appendEvents(trx, [{ ...event, actor: context.actor, data: { changed } }]);
}

export async function removeRegistry(
  registry: WatchedRegistry,
  context: ChangeContext,
): Promise<void> {
  refuseFile(registry, context);
  const { id, name, project, address } = registry;
  await transaction(context.database, async (trx) => {
    await trx.deleteFrom('registries').where('id', '=', id).execute();
    const event = { type: 'registry.removed', subject: name, project } as const;
    await appendEvents(trx, [{ ...event, actor: context.actor, data: { address } }]);
  });
}

function refuseFile({ name, source }: WatchedRegistry, context: ChangeContext): void {
  if (source === context.source) return;
  const detail = `the registry ${name} is defined in the configuration file of the server`;
  throw new Problem('conflict', `${detail}; change it there`);
}

/**
 * Makes the registries of the configuration file those of the database; one that the file no longer
 * contains is removed. Throws invalid_configuration.
 */
export async function applyConfigured(
  configured: readonly NewRegistry[],
  context: Pick<ChangeContext, 'database' | 'directory'>,
): Promise<void> {
  const change: ChangeContext = { ...context, actor: 'configuration', source: 'file' };
  await claimForFile(configured, context.database);
  const rows = await context.database
    .selectFrom('registries')
    .select(['id', 'project', 'name', 'address', 'settings'])
    .where('source', '=', 'file')
    .execute();
  const known = rows.map((row): WatchedRegistry => ({ ...row, source: 'file' }));
  const isSame = (one: NewRegistry, other: WatchedRegistry): boolean =>
    one.name === other.name &&
    one.project === other.project &&
    checkAddress(one.address, one.settings) === other.address;
  for (const before of known) {
    if (!configured.some((one) => isSame(one, before))) await removeRegistry(before, change);
  }
  for (const one of configured) {
    const before = known.find((other) => isSame(one, other));
    if (before === undefined) await addRegistry(one, change);
    else await changeRegistry(before, one.settings, change);
  }
}

/** The address as references have it. Throws invalid_request. */
/** A registry that was added by the API and is in the file now belongs to the file. */
async function claimForFile(
  configured: readonly NewRegistry[],
  database: Kysely<Database>,
): Promise<void> {
  for (const { name, project, address, settings } of configured) {
    await database
      .updateTable('registries')
      .set({ source: 'file' })
      .where('project', '=', project)
      .where('name', '=', name)
      .where('address', '=', checkAddress(address, settings))
      .execute();
  }
}

const probe = 'repository/name';

/** As references have it. Throws invalid_request. */
function checkAddress(address: string, { kind }: WatchSettings): string {
  const isLocal = ['local', 'local.host'].includes(address.toLowerCase());
  if (isLocal !== (kind === 'local')) {
    throw invalid('address', 'expected `local` with the kind `local`, and only with it');
  }
  if (isLocal) return localAddress;
  try {
    const { host, repository } = parseReference(`${address}/${probe}`);
    if (repository === probe) return host;
  } catch (error) {
    if (error instanceof SourceError) throw invalid('address', error.message);
    throw error;
  }
  throw invalid(
    'address',
    `${address} without a dot or a port would mean Docker Hub in references; write ${address}:443`,
  );
}

/** Refuses what contradicts itself, and files and variables that callers may not name. */
function checkSettings(settings: WatchSettings, address: string, place: FilePlaces): WatchSettings {
  for (const [field, path] of Object.entries(listFiles(settings))) {
    if (path === '' || resolveReferencedFile(path, place) !== undefined) continue;
    const { directory } = place;
    throw invalid(field, `expected a file in the directory ${directory} of the server`);
  }
  const { credentials, plainHttp, skipVerify, caFile } = settings;
  const variable = /^env:(.*)$/.exec(credentials)?.[1];
  if (variable !== undefined && !mayNameVariable(variable, { ...place, variablePrefix })) {
    throw invalid('credentials', `expected a variable whose name starts with ${variablePrefix}`);
  }
  if (plainHttp && (skipVerify || caFile !== '')) {
    throw invalid('plainHttp', `${address} is used without TLS, so there is no certificate`);
  }
  return settings;
}

/** Paths by setting. */
function listFiles({ credentials, repositoryFile, caFile }: WatchSettings) {
  const [, path = ''] = /^(?:file|docker-config):(.*)$/.exec(credentials) ?? [];
  return { credentials: path, repositoryFile, caFile };
}

function invalid(path: string, message: string): Problem {
  const fields: ProblemField[] = [{ path, message }];
  return new Problem('invalid_request', `${path}: ${message}`, { fields });
}
