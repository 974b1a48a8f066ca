/** Reproducible random numbers (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0 || 1;
  }

  /** From 0 to below `count`. */
  below(count: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % Math.max(1, count);
  }

  pick<T>(list: readonly [T, ...T[]]): T;
  pick<T>(list: readonly T[]): T | undefined;
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }

  /** Mostly small, sometimes up to `most`. */
  length(most: number): number {
    const small = this.below(4) > 0 ? Math.min(most, 32) : most;
    return small < 1 ? 0 : 1 + this.below(small);
  }
}
