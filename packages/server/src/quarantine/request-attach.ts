/** A request to attach the verdict on an image to it in its registry. */
import { Problem } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { openWatchedRegistry } from '../registries/index.ts';
import { ActionError } from './action-problem.ts';
import { insertAction } from './action-store.ts';
import type { Target } from './find-target.ts';
import { actionLimits } from './limits.ts';
import type { PlanParts } from './plan-quarantine.ts';
import { readKnown, readSubject } from './read-subject.ts';
import { registryCall } from './registry-call.ts';

export interface AttachRequest {
  readonly reason: string;
  readonly actor: string;
  readonly signal: AbortSignal;
}

/** Answers the id of the action. Throws conflict when no image of the digest was inspected. */
export async function requestAttach(
  parts: PlanParts,
  target: Target,
  { reason, actor, signal: caller }: AttachRequest,
): Promise<string> {
  const { registry, repository, digest } = target;
  const signal = AbortSignal.any([caller, AbortSignal.timeout(actionLimits.planMs)]);
  const opened = await openWatchedRegistry(registry, parts, { signal, kind: 'interactive' });
  try {
    const subject = await registryCall(registry.name, () =>
      readSubject(opened.client, { repository, digest, signal }),
    );
    await readKnown(parts.database, registry.project, subject);
  } catch (error) {
    if (error instanceof ActionError) throw new Problem('conflict', error.message);
    throw error;
  } finally {
    await opened.close();
  }
  return transaction(parts.database, (trx) =>
    insertAction(trx, {
      ...{ kind: 'attach', state: 'approved', registry, repository, digest, item: null },
      ...{ reason, actor, parameters: {} },
    }),
  );
}
