/**
 * Rates by key, in memory: a bucket starts full, each request takes one and time refills it. The
 * number of keys is bounded; beyond it the key that was used longest ago is forgotten.
 */
export interface BucketOptions {
  readonly capacity: number;
  readonly perSecond: number;
  readonly keys: number;
  readonly monotonicMs: () => number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class TokenBuckets {
  readonly #options: BucketOptions;
  /** In the order of use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** Takes one, or answers false if there is none. */
  take(key: string): boolean {
    const bucket = this.#refill(key);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Whether the bucket is empty; changes nothing for keys that never took one. */
  isEmpty(key: string): boolean {
    return this.#buckets.has(key) && this.#refill(key).tokens < 1;
  }

  #refill(key: string): Bucket {
    const { capacity, perSecond, keys, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, atMs: nowMs };
    const gained = ((nowMs - bucket.atMs) / 1000) * perSecond;
    bucket.tokens = Math.min(capacity, bucket.tokens + gained);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > keys) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
