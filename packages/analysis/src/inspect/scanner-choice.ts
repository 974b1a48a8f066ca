/**
 * Which scanners an inspection uses, as plain data, so that every thread can make its own of them.
 */
export interface ScannerChoice {
  /** clamd: `/run/clamav/clamd.ctl`, `unix:/path` or `host:port`. */
  readonly clamav?: { readonly address: string };
  readonly yara?: {
    /** Files and directories of rules. */
    readonly rules: readonly string[];
    /** A native `yr` or `yara`; the embedded YARA-X unless given. */
    readonly program?: string;
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
