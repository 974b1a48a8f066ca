import { ExecutorError } from './executor.ts';

/** Lets at most so many tasks run at once; the others wait in order. */
export interface Gate {
  /** Runs the task when there is a place. A signal ends the wait as ExecutorError `aborted`. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Changes the number of places; tasks under way go on. */
  resize(places: number): void;
}

export function createGate(initialPlaces: number): Gate {
  let places = initialPlaces;
  let taken = 0;
  const waiting = new Set<() => void>();

  function admit(): void {
    for (const enter of waiting) {
      if (taken >= places) return;
      waiting.delete(enter);
      taken += 1;
      enter();
    }
  }

  function place(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const calledOff = (): ExecutorError =>
        new ExecutorError('aborted', 'called off in the queue');
      if (signal?.aborted === true) {
        reject(calledOff());
        return;
      }
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(enter);
        reject(calledOff());
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.add(enter);
      admit();
    });
  }

  return {
    async run(task, signal) {
      await place(signal);
      try {
        return await task();
      } finally {
        taken -= 1;
        admit();
      }
    },
    resize(next) {
      places = Math.max(1, next);
      admit();
    },
  };
}
