/**
 * The budget for unpacking one file: members, bytes, memory, expansion and time, including all
 * nested content.
 */
import type { GapReason } from '@lazaret/protocol';

import { archiveLimits } from './limits.ts';

export interface NestedLimits {
  /** Containers inside containers. */
  readonly depth: number;
  /** Total bytes of content of all containers. */
  readonly totalBytes: number;
  /** Bytes of one member. */
  readonly fileBytes: number;
  /** Bytes in memory at a time. */
  readonly heldBytes: number;
  readonly entries: number;
  /** Bytes of content for each byte of the file, checked above `ratioFreeBytes`. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
  readonly timeMs: number;
}

export interface NestedBudgetOptions {
  /** Milliseconds since any fixed point. */
  readonly now: () => number;
  readonly limits?: Partial<NestedLimits>;
}

/** The shared bound is reached: nothing more is unpacked from this file. */
export class BudgetError extends Error {
  readonly reason: GapReason;

  constructor(reason: GapReason, message: string) {
    super(message);
    this.name = 'BudgetError';
    this.reason = reason;
  }
}

export class NestedBudget {
  readonly limits: NestedLimits;
  readonly #now: () => number;
  #endMs: number;
  #fileBytes = 0;
  #entries = 0;
  #bytes = 0;
  #heldBytes = 0;

  constructor({ now, limits: own }: NestedBudgetOptions) {
    this.limits = { ...nestedLimits, ...own };
    this.#now = now;
    this.#endMs = now() + this.limits.timeMs;
  }

  /** Starts over for another file. */
  begin(fileBytes: number): void {
    this.#endMs = this.#now() + this.limits.timeMs;
    this.#fileBytes = fileBytes;
    this.#entries = 0;
    this.#bytes = 0;
    this.#heldBytes = 0;
  }

  /** Throws BudgetError. */
  takeEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.limits.entries) {
      throw new BudgetError('too_many', `more than ${this.limits.entries} members`);
    }
    this.checkTime();
  }

  /** Throws BudgetError. */
  takeBytes(count: number): void {
    const { totalBytes, ratio, ratioFreeBytes } = this.limits;
    this.#bytes += count;
    if (this.#bytes > totalBytes) {
      throw new BudgetError('too_large', `more than ${totalBytes} bytes of content`);
    }
    if (this.#bytes > ratioFreeBytes && this.#bytes > this.#fileBytes * ratio) {
      throw new BudgetError('ratio', `more than ${ratio} bytes of content per byte`);
    }
    this.checkTime();
  }

  /** How many bytes a member may have now, so that the memory in use stays bounded. */
  get availableBytes(): number {
    return Math.max(0, Math.min(this.limits.fileBytes, this.limits.heldBytes - this.#heldBytes));
  }

  hold(count: number): void {
    this.#heldBytes += count;
  }

  release(count: number): void {
    this.#heldBytes -= count;
  }

  /** Throws BudgetError. */
  checkTime(): void {
    if (this.#now() <= this.#endMs) return;
    throw new BudgetError('timed_out', `not unpacked within ${this.limits.timeMs} ms`);
  }
}

const nestedLimits: NestedLimits = {
  depth: archiveLimits.nestedDepth,
  totalBytes: archiveLimits.nestedBytes,
  fileBytes: archiveLimits.nestedFileBytes,
  heldBytes: archiveLimits.nestedMemoryBytes,
  entries: archiveLimits.nestedEntries,
  ratio: archiveLimits.nestedRatio,
  ratioFreeBytes: archiveLimits.nestedRatioFreeBytes,
  timeMs: archiveLimits.nestedMs,
};
