import { Problem } from '@lazaret/protocol';

export interface WorkQueueOptions {
  readonly concurrent: number;
  /** How many may wait; the next one is sent away. */
  readonly waiting: number;
}

/** Runs at most so many pieces of work at a time, in the order in which they came. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Throws `too_many_requests`, without having begun the work, when too many wait already. */
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

  /** The place goes straight to the one who waits longest, so no later one gets in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
