/** Which loops of this process turn, and which stand still. */
import { limits } from '@lazaret/protocol';

/** A loop as the watch sees it; see loop.ts. */
export interface WatchedLoop {
  readonly name: string;
  /** Monotonic milliseconds of the last turn that began or ended. */
  readonly lastBeatMs: number;
  /** What went wrong in the last turn. */
  readonly lastError: unknown;
}

export interface LoopState {
  readonly name: string;
  readonly ok: boolean;
  readonly idleMs: number;
  /** Whether the last turn failed; such a loop lives and tries again. */
  readonly failing: boolean;
}

export interface LoopWatch {
  /**
   * Watches the loops that a part has now; it is asked anew each time, because loops come and go
   * with the locks that they hold.
   */
  watch(loops: () => readonly WatchedLoop[], maxStallMs?: number): void;
  states(): LoopState[];
}

/** Makes a watch. `nowMs` is monotonic, as the loops' beats are. */
export function createLoopWatch(nowMs: () => number): LoopWatch {
  const sources: { loops: () => readonly WatchedLoop[]; maxStallMs: number }[] = [];
  return {
    watch: (loops, maxStallMs = limits.loopStallMs) => {
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
