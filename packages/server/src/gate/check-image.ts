/** What the gate answers for an image now, for `lazaret gate check`. */
import { parseReference, SourceError, type RegistryReference } from '@lazaret/oci';
import { Problem, type GateCheck } from '@lazaret/protocol';

import { inScope, type ProjectScope } from '../floor/principal.ts';
import { ManifestReader } from './fetch-manifest.ts';
import { GateError } from './gate-error.ts';
import type { GateSettings } from './gate-settings.ts';
import type { Judgement } from './judge.ts';
import type { ImageJudge } from './judge-images.ts';
import type { Upstream, Upstreams } from './upstreams.ts';

export interface CheckParts {
  readonly settings: GateSettings;
  readonly upstreams: Upstreams;
  readonly judge: ImageJudge;
}

export interface CheckRequest {
  readonly image: string;
  readonly scope: ProjectScope;
  readonly signal: AbortSignal;
}

/** Throws Problem. */
export async function checkImage(parts: CheckParts, request: CheckRequest): Promise<GateCheck> {
  const { project } = parts.settings;
  if (!inScope(request.scope, project)) {
    throw new Problem('not_found', `the gate serves the project ${project}, which you cannot read`);
  }
  try {
    const reference = parseReference(request.image);
    const upstream = await findUpstream(parts, reference);
    const selector = reference.digest ?? reference.tag ?? 'latest';
    const query = { selector, accept: undefined, signal: request.signal };
    const { registry, repository } = upstream;
    const digest = await new ManifestReader().read(upstream, query).then(
      (manifest) => manifest.digest,
      async (error: unknown) => {
        const removed = await parts.judge.findRemoved(upstream, selector);
        if (removed === undefined) throw error;
        return removed;
      },
    );
    const found = await parts.judge.look({ registry, repository, digest });
    const tag = reference.tag ?? (reference.digest === undefined ? 'latest' : null);
    const named = tag === null ? repository : `${repository}:${tag}`;
    return {
      ...{ image: `${registry.address}/${named}@${digest}`, registry: registry.name, project },
      ...{ repository, tag, digest, ...answerOf(found, parts.settings) },
      ...{ basis: found.basis, verdict: found.verdict, policy: found.policy },
      ...{ decision: found.decision, arrival: found.arrival },
    };
  } catch (error) {
    throw toProblem(error);
  }
}

/** An undecided image passes with a warning where the option says so. */
function answerOf(
  { answer, reason }: Judgement,
  { undecided }: GateSettings,
): Pick<GateCheck, 'answer' | 'reason'> {
  if (answer !== 'hold' || undecided === 'hold') return { answer, reason };
  return { answer: 'warn', reason: `${reason}; it passes because of gateUndecided` };
}

/** References name the registry, or the gate in front of it. Throws GateError. */
export async function findUpstream(
  { settings, upstreams }: Pick<CheckParts, 'settings' | 'upstreams'>,
  { host, repository }: RegistryReference,
): Promise<Upstream> {
  if (settings.names.includes(host)) return upstreams.find(repository, undefined);
  return upstreams.open(await upstreams.byAddress(host), repository);
}

function toProblem(error: unknown): unknown {
  if (error instanceof GateError) {
    return new Problem(error.status === 404 ? 'not_found' : 'conflict', error.message);
  }
  if (!(error instanceof SourceError)) return error;
  if (error.code === 'invalid_reference') {
    return new Problem('invalid_request', error.message, {
      fields: [{ path: 'query.image', message: error.message }],
    });
  }
  return new Problem(error.code === 'not_found' ? 'not_found' : 'conflict', error.message);
}
