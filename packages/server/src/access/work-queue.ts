import { Problem } from '@lazaret/protocol';

export interface WorkQueueOptions {
  readonly concurrent: number;
  /** How many may wait; others are refused. */
  readonly waiting: number;
}

/** Runs a limited number of tasks at a time, in order of arrival. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Throws `too_many_requests`, without starting the work, when too many are waiting. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#options.concurrent) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#options.waiting) {
      throw new Problem('too_many_requests', 'too many sign-ins at once; try again in a moment', {
        headers: { 'retry-after': '1' },
      });
    }
    await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  /** The slot is passed directly to the longest waiting task, so no later one overtakes it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
