/** What policies see of stored images: the report, and what scripts found in the image. */
import type { PolicyScript } from '@lazaret/policy';
import type { Kysely, Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { readImageFacts, type ImageFacts } from '../inspection/index.ts';
import { readScriptFacts } from '../scripts/index.ts';

export interface JudgedFacts extends ImageFacts {
  /** Absent unless a policy uses them. */
  readonly scripts?: readonly PolicyScript[];
}

/** The images of a project that are stored, by digest; `names` are the variables of policies. */
export async function readJudgedFacts(
  database: Kysely<Database> | Transaction<Database>,
  about: { readonly project: string; readonly digests: readonly string[] },
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, JudgedFacts>> {
  const facts = await readImageFacts(database, about, names);
  if (!names.has('scripts')) return facts;
  const scripts = await readScriptFacts(database, about);
  return new Map(
    [...facts].map(([digest, found]) => [digest, { ...found, scripts: scripts.get(digest) ?? [] }]),
  );
}
