/** What a statement is about: an image, or the images of an index, and what is known of them. */
import { isAttestation } from '@lazaret/oci';
import { readManifest, type RegistryClient } from '@lazaret/oci/registry';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { readVerdicts, type ImageVerdict } from '../inspection/index.ts';
import { ActionError } from './action-problem.ts';
import type { StatementSubject } from './verdict-statement.ts';

/** Reads the index, if it is one. Throws SourceError. */
export async function readSubject(
  client: RegistryClient,
  place: { readonly repository: string; readonly digest: string; readonly signal: AbortSignal },
): Promise<StatementSubject> {
  const { repository, digest, signal } = place;
  const { document } = await readManifest(client, { repository, selector: digest, signal });
  const name = `${client.host}/${repository}`;
  if (document.kind === 'manifest') return { name, digest, images: [{ digest, platform: null }] };
  const images = document.children.filter((child) => !isAttestation(child));
  return { name, digest, images: images.map((child) => describeChild(child)) };
}

type Child = Parameters<typeof isAttestation>[0] & { readonly digest: string };

function describeChild({ digest, platform }: Child) {
  const { os, architecture, variant } = platform ?? {};
  const names = [os, architecture, variant].filter((part) => part !== undefined);
  return { digest, platform: names.length === 0 ? null : names.join('/') };
}

/** Throws ActionError when no image of it was inspected. */
export async function readKnown(
  database: Kysely<Database>,
  project: string,
  { images, name, digest }: StatementSubject,
): Promise<ImageVerdict[]> {
  const digests = images.map((image) => image.digest);
  const known = digests.length === 0 ? [] : await readVerdicts(database, project, digests);
  if (known.length > 0) return known;
  const reference = `${name}@${digest}`;
  throw new ActionError(
    'not_inspected',
    `there is no verdict on ${reference} to attach; run \`lazaret images inspect ${reference}\``,
  );
}
