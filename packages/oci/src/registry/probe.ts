/** What a registry allows, found out without changing anything in it. */
import { randomBytes } from 'node:crypto';

import { isRepository } from '../reference/reference.ts';
import { SourceError } from '../source-error.ts';
import type { RegistryAnswer, RegistryClient } from './registry-client.ts';

export interface ProbeOptions {
  readonly repository: string;
  readonly signal?: AbortSignal;
}

/**
 * Whether manifests can be deleted, by the deletion of a random digest that does not exist: 404
 * means that an existing one would be deleted, 405 that deletion is disabled.
 */
export async function probeDeletion(
  client: RegistryClient,
  options: ProbeOptions,
): Promise<'enabled' | 'disabled' | 'denied'> {
  const { status } = await probe(client, 'DELETE', { ...options, kind: 'manifests' });
  if (status === 404) return 'enabled';
  if (status === 401 || status === 403) return 'denied';
  if (status === 405 || status === 400 || status === 501) return 'disabled';
  throw new SourceError(
    'unsupported',
    `unexpected status ${status} for the deletion of a manifest`,
  );
}

/** Whether there is a referrers API; without one clients use the fallback tag. */
export async function probeReferrers(
  client: RegistryClient,
  options: ProbeOptions,
): Promise<boolean> {
  const answer = await probe(client, 'GET', { ...options, kind: 'referrers' });
  const isIndex = answer.header('content-type')[0]?.includes('image.index') === true;
  return answer.status === 200 && isIndex;
}

/** Whether the registry answers at all, and whether it accepts the credentials: GET /v2/. */
export async function probeApi(
  client: RegistryClient,
  signal?: AbortSignal,
): Promise<Pick<RegistryAnswer, 'status' | 'transport'>> {
  const what = `the registry ${client.host}`;
  const answer = await client.send({ path: '/v2/', repository: '', what, signal });
  answer.drop();
  return answer;
}

async function probe(
  client: RegistryClient,
  method: 'GET' | 'DELETE',
  { repository, kind, signal }: ProbeOptions & { readonly kind: string },
): Promise<RegistryAnswer> {
  if (!isRepository(repository)) {
    throw new SourceError('unsupported', `invalid repository name "${repository.slice(0, 80)}"`);
  }
  const digest = `sha256:${randomBytes(32).toString('hex')}`;
  const what = `${kind} of ${repository} at ${client.host}`;
  const path = `/v2/${repository}/${kind}/${digest}`;
  const answer = await client.send({ method, path, repository, what, signal });
  answer.drop();
  return answer;
}
