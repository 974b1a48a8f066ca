/** A request to attach the verdict on an image to it in its registry. */
import { isAttestation } from '@lazaret/oci';
import { readManifest } from '@lazaret/oci/registry';
import { Problem } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { readVerdicts } from '../inspection/index.ts';
import { openWatchedRegistry } from '../registries/index.ts';
import { insertAction } from './action-store.ts';
import type { Target } from './find-target.ts';
import { actionLimits } from './limits.ts';
import type { PlanParts } from './plan-quarantine.ts';
import { registryCall } from './registry-call.ts';
import { makeStatement, type StatementSubject } from './verdict-statement.ts';

export interface AttachRequest {
  readonly reason: string;
  readonly actor: string;
  readonly signal: AbortSignal;
  /** Of a policy. */
  readonly decision?: string | undefined;
}

/** Answers the id of the action. Throws conflict when no image of the digest was inspected. */
export async function requestAttach(
  parts: PlanParts,
  target: Target,
  request: AttachRequest,
): Promise<string> {
  const { registry, repository, digest } = target;
  const { reason, actor, decision } = request;
  const subject = await readSubject(parts, target, request.signal);
  const digests = subject.images.map((image) => image.digest);
  const known = await readVerdicts(parts.database, registry.project, digests);
  if (known.length === 0) {
    const reference = `${subject.name}@${digest}`;
    const advice = `run \`lazaret images inspect ${reference}\``;
    throw new Problem('conflict', `there is no verdict on ${reference} to attach; ${advice}`);
  }
  const statement = makeStatement(subject, known);
  return transaction(parts.database, (trx) =>
    insertAction(trx, {
      ...{ kind: 'attach', state: 'approved', registry, repository, digest, item: null },
      ...{ reason, actor, decision, parameters: { statement } },
    }),
  );
}

async function readSubject(
  parts: PlanParts,
  { registry, repository, digest }: Target,
  caller: AbortSignal,
): Promise<StatementSubject> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(actionLimits.planMs)]);
  const opened = await openWatchedRegistry(registry, parts, { signal, kind: 'interactive' });
  const name = `${registry.address}/${repository}`;
  try {
    const { document } = await registryCall(() =>
      readManifest(opened.client, { repository, selector: digest, signal }),
    );
    if (document.kind === 'manifest') return { name, digest, images: [{ digest, platform: null }] };
    const images = document.children.filter((child) => !isAttestation(child));
    return { name, digest, images: images.map((child) => describeChild(child)) };
  } finally {
    await opened.close();
  }
}

type Child = Parameters<typeof isAttestation>[0] & { readonly digest: string };

function describeChild({ digest, platform }: Child) {
  const { os, architecture, variant } = platform ?? {};
  const names = [os, architecture, variant].filter((part) => part !== undefined);
  return { digest, platform: names.length === 0 ? null : names.join('/') };
}
