/** The plan of a quarantine: what the registry says would change. Changes nothing. */
import { SourceError } from '@lazaret/oci';
import { probeDeletion, type RegistryClient } from '@lazaret/oci/registry';
import { Problem, type QuarantineMode, type QuarantinePlan } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { openWatchedRegistry, type ClientParts } from '../registries/index.ts';
import { listContents, readNeededBytes, readUsedBytes } from './evidence.ts';
import type { Target } from './find-target.ts';
import { actionLimits } from './limits.ts';
import { planRemoval } from './plan-removal.ts';
import { readClosure } from './read-closure.ts';
import { readTag } from './read-tags.ts';
import { registryCall } from './registry-call.ts';

export interface PlanParts extends ClientParts {
  readonly database: Kysely<Database>;
  /** How much evidence may be stored. */
  readonly spaceBytes: number;
}

export interface PlanRequest {
  readonly mode: QuarantineMode | undefined;
  readonly confirm: readonly string[];
  readonly signal: AbortSignal;
}

/** Throws not_found, conflict when the named tag points elsewhere, registry_refused. */
export async function planQuarantine(
  parts: PlanParts,
  target: Target,
  request: PlanRequest,
): Promise<QuarantinePlan> {
  const { registry, repository, digest, tag } = target;
  const { mode, target: copy } = chooseMode(target, request.mode);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(actionLimits.planMs)]);
  const opened = await openWatchedRegistry(registry, parts, { signal, kind: 'interactive' });
  try {
    return await registryCall(registry.name, async () => {
      const { client } = opened;
      if (tag !== undefined) {
        const now = await readTag(client, { repository, tag, signal });
        if (now !== digest) throw movedProblem(`${repository}:${tag}`, now);
      }
      const closure = await readClosure(client, { repository, digest, signal });
      const confirmed = new Set([...request.confirm, ...(tag === undefined ? [] : [tag])]);
      const plan = planRemoval(closure, confirmed);
      const contents = listContents(closure, plan);
      const usedBytes = await readUsedBytes(parts.database);
      const { tags, children, shared, parents, referrers, unconfirmed } = plan;
      return {
        ...{ project: registry.project, registry: registry.name, repository, digest, mode },
        reference: `${registry.address}/${repository}@${digest}`,
        mediaType: closure.root.document.mediaType,
        target: copy,
        ...{ tags: [...tags], children: [...children], referrers: [...referrers] },
        shared: shared.map((one) => ({ ...one, usedBy: [...one.usedBy] })),
        parents: parents.map((one) => ({ ...one, tags: [...one.tags] })),
        ...{ missing: [...closure.missing], unconfirmed: [...unconfirmed] },
        ...{ manifests: plan.manifests.length, blobs: closure.blobs.length },
        sizeBytes: contents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        neededBytes: await readNeededBytes(parts.database, contents),
        freeBytes: Math.max(0, parts.spaceBytes - usedBytes),
        deletion: await findDeletion(client, { repository, signal }),
      };
    });
  } finally {
    await opened.close();
  }
}

/** A registry that answers something else may still delete. */
async function findDeletion(
  client: RegistryClient,
  place: { readonly repository: string; readonly signal: AbortSignal },
): Promise<QuarantinePlan['deletion']> {
  try {
    return await probeDeletion(client, place);
  } catch (error) {
    if (error instanceof SourceError && error.code === 'unsupported') return 'unknown';
    throw error;
  }
}

function movedProblem(name: string, now: string | undefined): Problem {
  const found = now === undefined ? 'does not exist' : `points to ${now}`;
  return new Problem(
    'conflict',
    `the tag ${name} ${found} now, not to the digest of the reference`,
  );
}

/** Throws conflict and invalid_request for what the registry is not set up for. */
export function chooseMode(
  { registry, repository }: Target,
  asked: QuarantineMode | undefined,
): { readonly mode: QuarantineMode; readonly target: string | null } {
  const { quarantineRepository: prefix } = registry.settings;
  const mode = asked ?? (prefix === '' ? 'remove' : 'move');
  if (prefix !== '' && repository.startsWith(`${prefix}/`)) {
    throw new Problem('conflict', `${repository} is in the quarantine repository of the registry`);
  }
  if (mode !== 'move') return { mode, target: null };
  if (prefix !== '') return { mode, target: `${prefix}/${repository}` };
  const message = `the registry ${registry.name} has no setting quarantineRepository`;
  throw new Problem('invalid_request', message, {
    fields: [{ path: 'body.mode', message: 'expected remove or block' }],
  });
}
