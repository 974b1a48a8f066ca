/**
 * The order of images at first sight of a repository, and which of them are inspected. Lists of
 * registries are in the order of names, so the creation time of each image is read, for a bounded
 * number; the others, and images that do not say, follow in the order of their version, the highest
 * first. Docker Hub counts each manifest as a pull, so that only names are used there.
 */
import type { createConcurrencyGate } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import { readCreated, type RegistryClient } from '@lazaret/oci/registry';
import type { RegistryKind } from '@lazaret/protocol';

import { watchLimits } from './limits.ts';
import { isRegistryWide, toProblem } from './problem.ts';

export interface NewestOptions {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly gate: ReturnType<typeof createConcurrencyGate>;
  readonly signal: AbortSignal;
  readonly kind: RegistryKind;
  /** How many images are wanted. */
  readonly count: number;
}

interface TagDigest {
  readonly tag: string;
  readonly digest: string;
}

export interface NewestFirst<T extends TagDigest> {
  /** The newest first. */
  readonly ordered: readonly T[];
  /** Digests of the newest images, up to the count. */
  readonly wanted: ReadonlySet<string>;
  /** Images beyond the count. */
  readonly skipped: number;
}

export async function chooseNewest<T extends TagDigest>(
  tags: readonly T[],
  options: NewestOptions,
): Promise<NewestFirst<T>> {
  const byVersion = tags.toSorted((one, other) => compareTags(one.tag, other.tag));
  const digests = [...new Set(byVersion.map(({ digest }) => digest))];
  const created = await readTimes(digests, options);
  return orderNewest(byVersion, created, options.count);
}

/** Pure: `byVersion` in the order of versions, `created` by digest. */
export function orderNewest<T extends TagDigest>(
  byVersion: readonly T[],
  created: ReadonlyMap<string, number>,
  count: number,
): NewestFirst<T> {
  // Times at the beginning of the epoch come from reproducible builds and say nothing.
  const timeOf = ({ digest }: T): number => created.get(digest) ?? 0;
  const ordered = byVersion.toSorted((one, other) => timeOf(other) - timeOf(one));
  const digests = [...new Set(ordered.map(({ digest }) => digest))];
  const wanted = new Set(digests.slice(0, count));
  return { ordered, wanted, skipped: digests.length - wanted.size };
}

async function readTimes(
  digests: readonly string[],
  { client, repository, gate, signal, kind }: NewestOptions,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  if (kind === 'docker-hub' || digests.length < 2) return times;
  const read = async (digest: string): Promise<void> => {
    try {
      const request = { repository, selector: digest, signal };
      const time = await gate.run(() => readCreated(client, request), signal);
      if (time !== undefined) times.set(digest, time);
    } catch (error) {
      if (!(error instanceof SourceError) || isRegistryWide(toProblem(error))) throw error;
    }
  };
  await Promise.all(digests.slice(0, watchLimits.createdReads).map(read));
  return times;
}

/** `latest`, then the highest version, numbers by value. */
export function compareTags(one: string, other: string): number {
  if (one === other) return 0;
  if (one === 'latest' || other === 'latest') return one === 'latest' ? -1 : 1;
  return collator.compare(other, one);
}

const collator = new Intl.Collator('en', { numeric: true });
