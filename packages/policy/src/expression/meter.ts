/**
 * The work that an evaluation may do, counted and not timed, so that the same policy gives the same
 * result on every machine. A unit is about the evaluation of one node of an expression.
 */
export class Meter {
  #left: number;
  readonly #steps: number;

  constructor(steps: number) {
    this.#left = steps;
    this.#steps = steps;
  }

  /** Throws when the budget is used up, and keeps throwing: CEL can absorb an error in `||`. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new Error(this.message);
  }

  /** Takes what a part of the evaluation spent; does not throw. */
  take(units: number): void {
    this.#left = Math.max(this.#left - units, 0);
  }

  /** Gives back what was spent since so much was left: the work is done in another way. */
  restore(left: number): void {
    this.#left = left;
  }

  get isExhausted(): boolean {
    return this.#left < 0;
  }

  /** Why an evaluation was stopped. */
  get message(): string {
    return `the evaluation needs more than ${this.#steps.toLocaleString('en')} steps`;
  }

  get spent(): number {
    return this.#steps - Math.max(this.#left, 0);
  }

  get left(): number {
    return Math.max(this.#left, 0);
  }
}
