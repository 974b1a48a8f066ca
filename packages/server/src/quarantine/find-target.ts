/** Finds the configured registry of an image: addresses never come from a request alone. */
import { parseReference, SourceError } from '@lazaret/oci';
import { Problem } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { findByAddress, type WatchedRegistry } from '../registries/index.ts';

export interface Target {
  readonly registry: WatchedRegistry;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string;
}

/** Throws invalid_request, and not_found when no registry of the caller has the address. */
export async function findTarget(
  database: Kysely<Database>,
  scope: ProjectScope,
  { image, project }: { readonly image: string; readonly project?: string | undefined },
): Promise<Target> {
  const { host, repository, tag, digest } = parse(image);
  if (digest === undefined) {
    const example = `${host}/${repository}${tag === undefined ? '' : `:${tag}`}@sha256:DIGEST`;
    throw invalid(`expected a reference with a digest, such as ${example}: a tag may move`);
  }
  const found = await findByAddress(database, scope, { address: host, project });
  const [registry, other] = found;
  if (registry === undefined) {
    const advice = 'add it with `lazaret registries add`';
    throw new Problem('not_found', `no registry with the address ${host} is configured; ${advice}`);
  }
  if (other !== undefined) {
    const names = found.map((one) => one.project).join(', ');
    throw new Problem('invalid_request', `the projects ${names} have a registry ${host}`, {
      fields: [{ path: 'body.project', message: 'expected the project of the registry' }],
    });
  }
  return { registry, repository, tag, digest };
}

function parse(image: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(image.trim());
  } catch (error) {
    if (error instanceof SourceError) throw invalid(error.message);
    throw error;
  }
}

function invalid(message: string): Problem {
  return new Problem('invalid_request', message, { fields: [{ path: 'body.image', message }] });
}
