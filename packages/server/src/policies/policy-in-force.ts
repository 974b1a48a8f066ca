import type { Policy } from '@lazaret/policy';

/** A version of a policy, compiled. */
export interface PolicyInForce {
  readonly policy: Policy;
  /** 0: the built-in one. */
  readonly version: number;
  readonly sha256: string;
}
