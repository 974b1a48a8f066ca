/**
 * Adding a hook: its path is random, and its secret is referred to or generated. A generated secret
 * that is only compared is stored as a hash; a key of signatures has to be stored as it is.
 */
import { randomBytes } from 'node:crypto';

import {
  hookKindInfo,
  Problem,
  type HookAuthentication,
  type HookRequestBody,
} from '@lazaret/protocol';
import type { Kysely, Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId, newSecret } from '../floor/ids.ts';
import { findRegistry, type WatchedRegistry } from '../registries/index.ts';
import { hashText } from './authenticate.ts';
import { hookLimits } from './limits.ts';
import { checkSecretReference, type HookSource } from './secrets.ts';
import { countHooks, hookUrl, insertHook, type HookColumns } from './store.ts';

export interface AddingParts {
  readonly database: Kysely<Database>;
  readonly actor: string;
  readonly baseUrl: string;
}

/** The generated secret, as it is entered in the settings of the sender; null for a reference. */
export async function addHook(
  request: HookRequestBody,
  { database, actor, baseUrl }: AddingParts,
): Promise<string | null> {
  const authentication = checkRequest(request, 'api');
  const path = newPath();
  const secret =
    authentication === 'oidc' || request.secret !== undefined
      ? null
      : generateSecret(request.kind, authentication);
  const columns = {
    ...describeColumns(request, { authentication, path, url: hookUrl(baseUrl, path) }),
    ...storeSecret(secret, authentication),
    source: 'api',
  };
  await transaction(database, async (trx) => {
    const registry = await findRegistry(trx, 'all', {
      ...{ name: request.registry, project: request.project },
    });
    await recordHook(trx, { columns, registry, actor });
  }).catch((error: unknown) => {
    throw toProblem(error, request.name);
  });
  return secret;
}

/** Not guessable. */
export function newPath(): string {
  return randomBytes(16).toString('hex');
}

/** Inserts a checked hook, and records that. Throws conflict when there are too many. */
export async function recordHook(
  trx: Transaction<Database>,
  hook: {
    readonly columns: HookColumns;
    readonly registry: Pick<WatchedRegistry, 'id' | 'name' | 'project'>;
    readonly actor: string;
  },
): Promise<void> {
  const { columns, registry, actor } = hook;
  await checkCount(trx);
  await insertHook(trx, { ...columns, id: newId(), registry: registry.id, created_by: actor });
  const { name: subject, kind, authentication } = columns;
  const data = { registry: registry.name, kind, authentication };
  const { project } = registry;
  await appendEvents(trx, [{ type: 'hook.added', subject, actor, project, data }]);
}

/** What a checked request defines, except a generated secret. */
export function describeColumns(
  request: HookRequestBody,
  how: {
    readonly authentication: HookAuthentication;
    readonly path: string;
    /** Where it receives. */
    readonly url: string;
  },
): Omit<HookColumns, 'source' | 'secret_hash' | 'secret_key'> {
  const { name, kind, audience = how.url, serviceAccount, keys } = request;
  const { authentication, path } = how;
  return {
    ...{ name, kind, path, authentication },
    header: headerOf(request, authentication),
    secret_reference: request.secret ?? null,
    audience: authentication === 'oidc' ? audience : null,
    service_account: serviceAccount ?? null,
    keys_reference: keys ?? null,
    ignore_actors: request.ignoreActors,
    check_image: request.checkImage,
  };
}

/** A secret in the form that the sender is configured with. */
export function generateSecret(
  kind: HookRequestBody['kind'],
  authentication: HookAuthentication,
): string {
  const scheme = authentication === 'header' ? hookKindInfo(kind).scheme : '';
  return `${scheme}${newSecret('hook')}`;
}

/** The columns of a generated secret. */
export function storeSecret(
  secret: string | null,
  authentication: HookAuthentication,
): { readonly secret_hash: Buffer | null; readonly secret_key: string | null } {
  if (secret === null) return { secret_hash: null, secret_key: null };
  return authentication === 'hmac'
    ? { secret_hash: null, secret_key: secret }
    : { secret_hash: hashText(secret), secret_key: null };
}

/** How the sender authenticates. Throws invalid_request for what contradicts itself. */
export function checkRequest(request: HookRequestBody, source: HookSource): HookAuthentication {
  const { kind, header } = request;
  const info = hookKindInfo(kind);
  const authentication = request.authentication ?? info.authentication[0];
  if (!info.authentication.includes(authentication)) {
    const allowed = info.authentication.join(' or ');
    throw invalid('authentication', `expected ${allowed} for ${kind}, received ${authentication}`);
  }
  if (header !== undefined && !info.anyHeader) {
    throw invalid('header', `expected none: the header of ${kind} cannot be chosen`);
  }
  checkTokenFields(request, authentication === 'oidc');
  if (request.checkImage && kind !== 'distribution') {
    throw invalid('checkImage', `expected the kind distribution, received ${kind}`);
  }
  for (const field of ['secret', 'keys'] as const) {
    const reference = request[field];
    if (reference !== undefined) checkSecretReference(reference, field, source);
  }
  return authentication;
}

/** Tokens are signed by a service account and need no secret; nothing else has an account. */
function checkTokenFields(request: HookRequestBody, isToken: boolean): void {
  const { kind } = request;
  if (isToken && request.serviceAccount === undefined) {
    throw invalid('serviceAccount', `expected the service account that signs for ${kind}`);
  }
  const fields = isToken
    ? (['secret'] as const)
    : (['audience', 'serviceAccount', 'keys'] as const);
  const [given] = fields.filter((field) => request[field] !== undefined);
  if (given === undefined) return;
  const not = isToken ? 'authenticates' : 'does not authenticate';
  throw invalid(given, `expected none: ${kind} ${not} with signed tokens`);
}

function headerOf(
  { kind, header }: HookRequestBody,
  authentication: HookAuthentication,
): string | null {
  return authentication === 'path' ? null : (header ?? hookKindInfo(kind).header);
}

async function checkCount(trx: Transaction<Database>): Promise<void> {
  if ((await countHooks(trx)) < hookLimits.hooks) return;
  throw new Problem('conflict', `there are ${hookLimits.hooks} hooks already; remove some`);
}

/** A violated constraint as a problem; any other error as it is. */
export function toProblem(error: unknown, name: string): unknown {
  const { constraint } = error as { constraint?: string };
  if (constraint === 'hooks_name_key') {
    return new Problem('already_exists', `there is a hook ${name} already`);
  }
  if (constraint === 'hooks_path_key') {
    return new Problem('already_exists', `another hook has the path of ${name} already`);
  }
  if (constraint === 'hooks_check_image') {
    return new Problem('already_exists', 'another hook receives at /check_image already');
  }
  return error;
}

/** A field that is refused. */
export function invalid(path: string, message: string): Problem {
  return new Problem('invalid_request', `${path}: ${message}`, { fields: [{ path, message }] });
}
