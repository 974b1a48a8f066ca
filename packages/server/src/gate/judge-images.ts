/**
 * Judges images for pulls and workloads. An image that is not decided is inspected on demand; a
 * pull waits for it until its deadline. The answer for a manifest is always read again; that for
 * its blobs may be a few seconds old.
 */
import { longPoll } from '../floor/long-poll.ts';
import type { SliceContext } from '../floor/slice.ts';
import { arrivalsChanged, recordPull, type PlacedImage } from '../registries/index.ts';
import { judge, type Judgement } from './judge.ts';
import { gateLimits } from './limits.ts';
import { available, findRemoved, readImageState } from './read-image-state.ts';
import { RecentMap } from './recent-map.ts';

export interface JudgeParts extends Pick<
  SliceContext,
  'database' | 'changed' | 'onEvents' | 'wake' | 'clock'
> {
  readonly database: SliceContext['database'];
}

export interface JudgeRequest {
  readonly tag: string | undefined;
  /** Who asks. */
  readonly actor: string;
  /** 0 does not wait. */
  readonly waitMs: number;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

export class ImageJudge {
  readonly #parts: JudgeParts;
  readonly #recent = new RecentMap<string, { readonly at: number; readonly found: Judgement }>(
    gateLimits.judgementsCached,
  );
  /** When a pull was held at its deadline. */
  readonly #held = new RecentMap<string, number>(gateLimits.judgementsCached);
  #waiting = 0;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** Pulls that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Inspects an unknown image and waits for the answer. Throws DecisionsUnavailable. */
  async judge(image: PlacedImage, request: JudgeRequest): Promise<Judgement> {
    const first = await this.look(image);
    if (!first.isPending) return first;
    if (first.needsInspection) await this.#request(image, request);
    const waitMs = this.#waitMs(image, request);
    if (waitMs <= 0) return first;
    this.#waiting += 1;
    try {
      let last = first;
      const found = await longPoll({
        read: async () => (last = await this.look(image)),
        isSettled: (one: Judgement) => !one.isPending,
        changed: (signal) => this.#parts.changed(last.arrival ?? arrivalsChanged, signal),
        ...{ waitMs, signal: request.signal },
      });
      if (found.isPending) this.#held.set(keyOf(image), this.#parts.clock.monotonicMs());
      return found;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Clients ask for the same manifest twice, with HEAD and GET: they wait once. */
  #waitMs(image: PlacedImage, { waitMs }: JudgeRequest): number {
    if (this.#waiting >= gateLimits.waitingPulls) return 0;
    const heldAt = this.#held.get(keyOf(image));
    const wasHeld =
      heldAt !== undefined && this.#parts.clock.monotonicMs() - heldAt < gateLimits.heldAgainMs;
    return wasHeld ? 0 : waitMs;
  }

  /** The answer now, without an inspection. Throws DecisionsUnavailable. */
  async look(image: PlacedImage): Promise<Judgement> {
    const found = judge(await readImageState(this.#parts.database, image));
    this.#recent.set(keyOf(image), { at: this.#parts.clock.monotonicMs(), found });
    return found;
  }

  /** As `findRemoved`. */
  async findRemoved(
    place: Pick<PlacedImage, 'registry' | 'repository'>,
    selector: string,
  ): Promise<string | undefined> {
    return findRemoved(this.#parts.database, place, selector);
  }

  /** The answer of the last seconds, for blobs. Throws DecisionsUnavailable. */
  async recall(image: PlacedImage): Promise<Judgement> {
    const known = this.#recent.get(keyOf(image));
    const isRecent =
      known !== undefined &&
      this.#parts.clock.monotonicMs() - known.at < gateLimits.judgementCacheMs;
    return isRecent ? known.found : this.look(image);
  }

  async #request(image: PlacedImage, { tag, actor }: JudgeRequest): Promise<void> {
    const { database, onEvents, wake } = this.#parts;
    const { retryFailedMs } = gateLimits;
    await available(() => recordPull(database, image, { tag, actor, retryFailedMs }));
    onEvents();
    wake('watcher');
  }
}

function keyOf({ registry, repository, digest }: PlacedImage): string {
  return `${registry.id} ${repository} ${digest}`;
}
