/** Hooks of the configuration file: those of the database are made the same at each start. */
import { Problem, type HookRequestBody } from '@lazaret/protocol';
import type { Kysely, Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { findRegistry } from '../registries/index.ts';
import {
  checkRequest,
  describeColumns,
  invalid,
  newPath,
  recordHook,
  toProblem,
} from './add-hook.ts';
import {
  changeHook,
  deleteHook,
  findHook,
  hookUrl,
  listConfigured,
  type HookColumns,
  type HookRow,
} from './store.ts';

/** As the API takes it, with an address that may be fixed. */
export type ConfiguredHook = HookRequestBody & { readonly path?: string | undefined };

export interface ApplyParts {
  readonly database: Kysely<Database>;
  /** Where clients reach the server; empty when the configuration does not say it. */
  readonly publicUrl: string;
}

const actor = 'configuration';

/**
 * Makes the hooks of the configuration file those of the database; one that the file no longer
 * contains is removed. A hook keeps its address and its deliveries while its name, registry and
 * kind stay the same, also one that was added by the API before. Throws invalid_request, not_found
 * for the registry, already_exists.
 */
export async function applyConfigured(
  configured: readonly ConfiguredHook[],
  parts: ApplyParts,
): Promise<void> {
  await transaction(parts.database, async (trx) => {
    for (const before of await listConfigured(trx)) {
      if (!configured.some((one) => isSame(one, before))) await removeHook(trx, before);
    }
    for (const one of configured) await applyOne(trx, one, parts);
  });
}

function isSame(one: ConfiguredHook, other: HookRow): boolean {
  return (
    one.name === other.name &&
    one.kind === other.kind &&
    one.registry === other.registry_name &&
    (one.project ?? other.project) === other.project
  );
}

async function removeHook(trx: Transaction<Database>, hook: HookRow): Promise<void> {
  const { id, name: subject, project, kind } = hook;
  await deleteHook(trx, id);
  await appendEvents(trx, [{ type: 'hook.removed', subject, actor, project, data: { kind } }]);
}

async function applyOne(
  trx: Transaction<Database>,
  one: ConfiguredHook,
  { publicUrl }: ApplyParts,
): Promise<void> {
  const { name } = one;
  try {
    const registry = await findRegistry(trx, 'all', { name: one.registry, project: one.project });
    const before = await findHook(trx, name).catch(ignoreMissing);
    if (before !== undefined && !isSame(one, before)) {
      const kind = `${before.kind} of the registry ${before.registry_name}`;
      throw new Problem('already_exists', `there is a hook ${name} of the kind ${kind}; remove it`);
    }
    const path = one.path ?? before?.path ?? newPath();
    const columns = readColumns(one, path, publicUrl);
    if (before === undefined) await recordHook(trx, { columns, registry, actor });
    else await changeConfigured(trx, before, columns);
  } catch (error) {
    const problem = toProblem(error, name);
    if (!(problem instanceof Problem)) throw problem;
    const detail = `hook ${name} of the configuration file: ${problem.message}`;
    throw new Problem(problem.code, detail);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Problem && error.code === 'not_found') return undefined;
  throw error;
}

function readColumns(one: ConfiguredHook, path: string, publicUrl: string): HookColumns {
  const authentication = checkRequest(one, 'file');
  if (authentication === 'oidc') {
    if (one.audience === undefined && publicUrl === '') {
      throw invalid('audience', 'expected the audience of the tokens, or the option publicUrl');
    }
  } else if (one.secret === undefined) {
    throw invalid('secret', 'expected file:PATH or env:NAME; only the API generates secrets');
  }
  const url = hookUrl(publicUrl, path);
  const secrets = { secret_hash: null, secret_key: null };
  return { ...describeColumns(one, { authentication, path, url }), ...secrets, source: 'file' };
}

async function changeConfigured(
  trx: Transaction<Database>,
  before: HookRow,
  columns: HookColumns,
): Promise<void> {
  const keys = Object.keys(columns) as (keyof HookColumns)[];
  const changed = keys.filter(
    (key) => JSON.stringify(columns[key]) !== JSON.stringify(before[key]),
  );
  if (changed.length === 0) return;
  await changeHook(trx, before.id, columns);
  const { name: subject, project } = before;
  await appendEvents(trx, [{ type: 'hook.changed', subject, actor, project, data: { changed } }]);
}
