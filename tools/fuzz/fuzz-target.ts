/** Fuzz targets: one row for each parser of untrusted input. */
export type ErrorClass = abstract new (...words: never[]) => Error;

export interface FuzzTarget {
  /** `tar`, `reader:dpkg`. */
  readonly name: string;
  /** Prefixes of paths of the code to cover, from packages/analysis/src or from the root. */
  readonly files: readonly string[];
  /** Valid inputs, from which mutations start. */
  seeds(): Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>;
  /** Must end, and may only throw `errors`; BrokenPromise for a violated invariant. */
  run(bytes: Buffer): void | Promise<void>;
  /** Corrects checksums, without which changed bytes are refused. */
  readonly repair?: (bytes: Buffer) => Buffer;
  readonly errors?: readonly ErrorClass[];
  /** Tokens of the format in addition to the constants in the code. */
  readonly words?: readonly string[];
  /** Longest input; `inputBytes` unless given. */
  readonly maxBytes?: number;
  /** Share of the total time; 1 unless given. */
  readonly weight?: number;
}

export const inputBytes: number = 64 * 1024;

/** The result of a parser violates an invariant. */
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
