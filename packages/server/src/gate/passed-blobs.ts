/**
 * Which blobs belong to manifests that passed the gate, for each repository: in memory for what is
 * pulled now, and in the database for other processes and after a restart.
 */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { PlacedImage } from '../registries/index.ts';
import { gateLimits } from './limits.ts';
import { available } from './read-image-state.ts';
import { RecentMap } from './recent-map.ts';

export type Place = Pick<PlacedImage, 'registry' | 'repository'>;

export interface PassedParts {
  readonly database: Kysely<Database>;
  readonly monotonicMs: () => number;
}

export class PassedBlobs {
  readonly #database: Kysely<Database>;
  readonly #monotonicMs: () => number;
  /** When the blobs of a manifest were stored. */
  readonly #stored = new RecentMap<string, number>(gateLimits.judgementsCached);
  /** Manifests by blob, in the order in which they passed. */
  readonly #manifests = new RecentMap<string, ReadonlySet<string>>(
    gateLimits.blobsCached,
    (manifests) => manifests.size,
  );

  constructor({ database, monotonicMs }: PassedParts) {
    this.#database = database;
    this.#monotonicMs = monotonicMs;
  }

  /** Throws DecisionsUnavailable; this process knows the blobs nevertheless. */
  async add(image: PlacedImage, blobs: readonly string[]): Promise<void> {
    const { registry, repository, digest } = image;
    if (blobs.length === 0) return;
    for (const blob of blobs) this.#remember(keyOf(image, blob), [digest]);
    const now = this.#monotonicMs();
    const stored = this.#stored.get(keyOf(image, digest));
    if (stored !== undefined && now - stored < gateLimits.passedAgainMs) return;
    await available(() =>
      sql`insert into gate_blobs (registry, repository, blob, manifest)
        select ${registry.id}, ${repository}, blob, ${digest}
        from unnest(${[...blobs]}::text[]) as blob
        on conflict (registry, repository, blob, manifest) do update set passed_at = now()
          where gate_blobs.passed_at
            < now() - ${gateLimits.passedAgainMs} * interval '1 millisecond'
      `.execute(this.#database),
    );
    this.#stored.set(keyOf(image, digest), now);
  }

  /** Manifests that passed in this process, the latest first. */
  recent(place: Place, blob: string): readonly string[] {
    return [...(this.#manifests.get(keyOf(place, blob)) ?? [])].toReversed();
  }

  /** Manifests that passed at any time and in any process. Throws DecisionsUnavailable. */
  async all(place: Place, blob: string): Promise<readonly string[]> {
    const rows = await available(() =>
      this.#database
        .selectFrom('gate_blobs')
        .select('manifest')
        .where('registry', '=', place.registry.id)
        .where('repository', '=', place.repository)
        .where('blob', '=', blob)
        .limit(gateLimits.manifestsOfBlob)
        .execute(),
    );
    const manifests = rows.map(({ manifest }) => manifest);
    if (manifests.length > 0) this.#remember(keyOf(place, blob), manifests);
    return manifests;
  }

  #remember(key: string, manifests: readonly string[]): void {
    const known = new Set(this.#manifests.get(key));
    for (const one of manifests) {
      known.delete(one);
      known.add(one);
    }
    const kept = [...known].slice(-gateLimits.manifestsOfBlob);
    this.#manifests.set(key, new Set(kept));
  }
}

function keyOf({ registry, repository }: Place, blob: string): string {
  return `${registry.id} ${repository} ${blob}`;
}
