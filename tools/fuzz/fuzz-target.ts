/** Fuzz targets: one row for each parser of untrusted input. */
export type ErrorClass = abstract new (...words: never[]) => Error;

export interface FuzzTarget {
  /** `tar`, `reader:dpkg`. */
  readonly name: string;
  /** Beginnings of paths of the code to cover, from packages/analysis/src or from the root. */
  readonly files: readonly string[];
  /** Sound inputs, which mutations start from. */
  seeds(): Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>;
  /** Must end, and may throw `errors` only; BrokenPromise when an answer is not as agreed. */
  run(bytes: Buffer): void | Promise<void>;
  /** Makes sums right again, without which changed bytes get no further than to them. */
  readonly repair?: (bytes: Buffer) => Buffer;
  readonly errors?: readonly ErrorClass[];
  /** Tokens of the format in addition to the constants in the code. */
  readonly words?: readonly string[];
  /** Longest input; `inputBytes` unless given. */
  readonly maxBytes?: number;
  /** Share of the time beside the others; 1 unless given. */
  readonly weight?: number;
}

export const inputBytes: number = 64 * 1024;

/** A parser ended, and what it said breaks what it promises. */
export class BrokenPromise extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokenPromise';
  }
}

/** Throws BrokenPromise. */
export function promise(isKept: boolean, message: string): void {
  if (!isKept) throw new BrokenPromise(message);
}
