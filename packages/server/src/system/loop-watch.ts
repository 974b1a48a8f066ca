/** Which loops of this process make progress, and which are stalled. */
import { systemLimits } from './limits.ts';

/** The part of a `Loop` that the watch reads. */
export interface WatchedLoop {
  readonly name: string;
  /** Monotonic milliseconds at which the last iteration started or ended. */
  readonly lastBeatMs: number;
  /** Why the last iteration failed. */
  readonly lastError: unknown;
}

export interface LoopState {
  readonly name: string;
  readonly ok: boolean;
  readonly idleMs: number;
  /** Whether the last iteration failed; the loop retries it. */
  readonly failing: boolean;
}

export interface LoopWatch {
  /**
   * Watches the loops that a part currently has; called each time, because loops start and end
   * with their locks.
   */
  watch(loops: () => readonly WatchedLoop[], maxStallMs?: number): void;
  states(): LoopState[];
}

/** Creates a watch. `nowMs` is monotonic, as the loops' beats are. */
export function createLoopWatch(nowMs: () => number): LoopWatch {
  const sources: { loops: () => readonly WatchedLoop[]; maxStallMs: number }[] = [];
  return {
    watch: (loops, maxStallMs = systemLimits.loopStallMs) => {
      sources.push({ loops, maxStallMs });
    },
    states: () =>
      sources.flatMap(({ loops, maxStallMs }) =>
        loops().map(({ name, lastBeatMs, lastError }) => {
          const idleMs = Math.max(0, Math.round(nowMs() - lastBeatMs));
          return { name, idleMs, ok: idleMs <= maxStallMs, failing: lastError !== undefined };
        }),
      ),
  };
}
