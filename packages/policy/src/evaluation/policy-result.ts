/** What evaluating a policy on an image yields; plain data. */
import type {
  ActionState,
  PolicyAction,
  PolicyEffect,
  PolicyVerdict,
  RuleState,
  Severity,
} from '@lazaret/protocol';

export interface ClauseResult {
  readonly text: string;
  /** A value inside the clause before it. */
  readonly isOperand: boolean;
  readonly value?: unknown;
  readonly error?: string;
}

export interface EvidenceResult {
  /** The list that the evidence is from: `findings`, `packages`, ... */
  readonly from: string;
  readonly total: number;
  /** The first ones. */
  readonly items: readonly unknown[];
}

export interface AppliedException {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  readonly expires: string;
  readonly source: string;
  /** Findings, packages and files that it accepts; 0 if it accepts a whole rule. */
  readonly items: number;
}

export interface RuleAction {
  readonly action: PolicyAction;
  readonly state: ActionState;
  /** Why it is withheld or a dry run. */
  readonly reason?: string;
}

export interface RuleResult {
  readonly id: string;
  readonly description?: string;
  readonly severity: Severity;
  readonly effect: PolicyEffect;
  readonly state: RuleState;
  /** Why it is not applicable, excepted or in error. */
  readonly reason?: string;
  /** The condition in CEL; for an invariant the one that it stands for. */
  readonly condition: string;
  readonly message?: string;
  /** Only if an explanation was asked for. */
  readonly clauses: readonly ClauseResult[];
  readonly evidence: readonly EvidenceResult[];
  readonly exceptions: readonly AppliedException[];
  readonly actions: readonly RuleAction[];
}

export interface ActionDecision extends RuleAction {
  /** Rules that call for it. */
  readonly rules: readonly string[];
}

export interface PolicyResult {
  readonly policy: string;
  readonly verdict: PolicyVerdict;
  /** What decided the verdict. */
  readonly reasons: readonly string[];
  readonly rules: readonly RuleResult[];
  /** One for each action that a matched rule calls for, from the mildest. */
  readonly actions: readonly ActionDecision[];
  /** Exceptions that no longer apply. */
  readonly expired: readonly Omit<AppliedException, 'items'>[];
  /** Exceptions of the policy that are in force and accept nothing in this image. */
  readonly unused: readonly Omit<AppliedException, 'items'>[];
  /** Work that the evaluation took, in steps. */
  readonly steps: number;
}
