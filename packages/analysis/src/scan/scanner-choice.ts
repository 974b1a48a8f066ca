/**
 * Which scanners an inspection uses, as plain data, so that every thread can create its own.
 */
export interface ScannerChoice {
  /** clamd: `/run/clamav/clamd.ctl`, `unix:/path` or `host:port`. */
  readonly clamav?: {
    readonly address: string;
    /** Its DatabaseDirectory, if this process may read it: it identifies custom signatures. */
    readonly databaseDirectory?: string;
  };
  readonly yara?: {
    /** Files and directories of rules. */
    readonly rules: readonly string[];
  };
  readonly hashSets?: {
    readonly lists: readonly HashListChoice[];
    /** NSRL RDS v3, SQLite. */
    readonly rds?: readonly string[];
  };
  readonly similarity?: { readonly lists: readonly string[] };
  readonly secrets?: boolean;
}

export interface HashListChoice {
  readonly path: string;
  readonly kind: 'allow' | 'deny';
  readonly name?: string;
}
