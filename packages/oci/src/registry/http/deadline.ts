/**
 * Response timeout, counted from the moment a request is sent. Waiting for the rate limit, a token
 * or a credential helper does not count.
 */
export class Deadline {
  readonly #ms: number;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Aborts when the deadline has passed. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Starts or restarts the timer. */
  begin(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#over.abort(new Error('timed out')), this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
