import { DockerError } from './docker-error.ts';

/** Limits how many tasks run at once; the others wait in order. */
export interface ConcurrencyGate {
  /** Runs the task when a slot is free. A signal ends the wait as DockerError `aborted`. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Changes the number of slots; running tasks continue. */
  resize(slots: number): void;
}

export function createConcurrencyGate(initialSlots: number): ConcurrencyGate {
  let slots = initialSlots;
  let taken = 0;
  const waiting = new Set<() => void>();

  function admitNext(): void {
    for (const enter of waiting) {
      if (taken >= slots) return;
      waiting.delete(enter);
      taken += 1;
      enter();
    }
  }

  function acquire(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): DockerError => new DockerError('aborted', 'aborted while queued');
      if (signal?.aborted === true) {
        reject(aborted());
        return;
      }
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(enter);
        reject(aborted());
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.add(enter);
      admitNext();
    });
  }

  return {
    async run(task, signal) {
      await acquire(signal);
      try {
        return await task();
      } finally {
        taken -= 1;
        admitNext();
      }
    },
    resize(next) {
      slots = Math.max(1, next);
      admitNext();
    },
  };
}
