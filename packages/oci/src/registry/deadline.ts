/**
 * How long an answer may take from when it is asked for. What comes before that is no fault of the
 * registry: a wait for a turn within the rate, a token, a helper for credentials.
 */
export class Deadline {
  readonly #ms: number;
  readonly #over = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Ends what takes too long. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Something is asked now: the time counts from here. */
  begin(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#over.abort(new Error('it took too long')), this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
