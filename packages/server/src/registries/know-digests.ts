/** Which tags of watched registries have each of many digests, and what arrived with them. */
import { limits, type Knowledge, type KnownTag, type VerdictState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';

export interface RegistryKnowledge {
  readonly tags: Knowledge['tags'];
  /** Of the latest arrival that has one; for the digest of an index, which is not an image. */
  readonly verdict: VerdictState | null;
  /** Whether it ever reached a watched registry. */
  readonly arrived: boolean;
}

interface TagRow {
  readonly text: string;
  readonly registry: string;
  readonly project: string;
  readonly repository: string;
  readonly tag: string;
  readonly present: boolean;
  readonly changed_at: Date;
}

interface ArrivalRow {
  readonly text: string;
  readonly verdict: VerdictState | null;
}

/** By the text of the indicator; those that never reached a registry are absent. */
export async function knowFromRegistries(
  database: Kysely<Database>,
  bounds: SearchBounds,
  contents: readonly { readonly text: string; readonly sha256: string }[],
): Promise<ReadonlyMap<string, RegistryKnowledge>> {
  if (contents.length === 0) return new Map();
  const wanted = sql`unnest(${contents.map(({ text }) => text)}::text[],
    ${contents.map(({ sha256 }) => `sha256:${sha256}`)}::text[]) as wanted (text, digest)`;
  const within = withinBounds('r.project', bounds);
  const [tags, arrivals] = await Promise.all([
    sql<TagRow>`
      select wanted.text, found.* from ${wanted} cross join lateral (
        select r.name as registry, r.project, t.repository, t.tag, t.present, t.changed_at
        from registry_tags t join registries r on r.id = t.registry
        where t.digest = wanted.digest and ${within}
        order by t.changed_at desc limit ${limits.lookupCountMax + 1}
      ) as found
    `.execute(database),
    sql<ArrivalRow>`
      select wanted.text, found.verdict from ${wanted} cross join lateral (
        select a.verdict from arrivals a join registries r on r.id = a.registry
        where a.digest = wanted.digest and ${within}
        order by (a.verdict is null), a.id desc limit 1
      ) as found
    `.execute(database),
  ]);
  const tagged = Map.groupBy(tags.rows, ({ text }) => text);
  const arrived = new Map(arrivals.rows.map(({ text, verdict }) => [text, verdict]));
  return new Map(
    [...new Set([...tagged.keys(), ...arrived.keys()])].map((text) => [
      text,
      {
        tags: toTags(tagged.get(text) ?? []),
        verdict: arrived.get(text) ?? null,
        arrived: true,
      },
    ]),
  );
}

function toTags(rows: readonly TagRow[]): Knowledge['tags'] {
  const items = rows.slice(0, limits.lookupItems).map((row): KnownTag => {
    const { registry, project, repository, tag, present, changed_at: at } = row;
    return { registry, project, repository, tag, present, changedAt: at.toISOString() };
  });
  return {
    items,
    count: Math.min(rows.length, limits.lookupCountMax),
    isMore: rows.length > limits.lookupCountMax,
  };
}
