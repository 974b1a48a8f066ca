/** Which actions matched rules call for, and which of them are taken, tried or withheld. Pure. */
import { policyActions, type ActionState, type PolicyAction } from '@lazaret/protocol';

import type { ActionSettings } from '../document/policy-schema.ts';
import type { ActionDecision, RuleAction } from './policy-result.ts';

/** Actions that take an image away; they need strong grounds. */
const destructive: ReadonlySet<PolicyAction> = new Set(['quarantine', 'delete']);
/** Actions on a digest. */
const needsDigest: ReadonlySet<PolicyAction> = new Set(['attach', 'block', ...destructive]);

export interface ActionInput {
  readonly settings: ActionSettings;
  /** How often each action was taken in the last hour. */
  readonly recentActions: Partial<Readonly<Record<PolicyAction, number>>>;
  readonly hasDigest: boolean;
}

export interface MatchedRule {
  readonly actions: readonly PolicyAction[];
  readonly dryRun: boolean;
  /** Why the grounds of the rule are too weak for a destructive action; asked at most once. */
  readonly weakGrounds: () => string | undefined;
}

/** The actions of one matched rule, from the mildest. */
export function decideRuleActions(rule: MatchedRule, input: ActionInput): RuleAction[] {
  const wanted = policyActions.filter((action) => rule.actions.includes(action));
  const isDestructive = wanted.some((action) => destructive.has(action));
  const weak = isDestructive ? rule.weakGrounds() : undefined;
  return wanted.map((action) => ({ action, ...decide(action, rule, { ...input, weak }) }));
}

interface DecisionInput extends ActionInput {
  readonly weak: string | undefined;
}

function decide(
  action: PolicyAction,
  rule: MatchedRule,
  { settings, recentActions, hasDigest, weak }: DecisionInput,
): Omit<RuleAction, 'action'> {
  const own = settings[action];
  if ('enabled' in own && !own.enabled) {
    return { state: 'withheld', reason: `actions.${action}.enabled is not true in this policy` };
  }
  if (weak !== undefined && destructive.has(action)) return { state: 'withheld', reason: weak };
  if (needsDigest.has(action) && !hasDigest) {
    return { state: 'withheld', reason: 'the image has no manifest digest' };
  }
  if (rule.dryRun) return { state: 'dry-run', reason: 'the rule is a dry run' };
  if (own.dryRun) return { state: 'dry-run', reason: `actions.${action}.dryRun is true` };
  const taken = recentActions[action] ?? 0;
  if (own.perHour !== undefined && taken >= own.perHour) {
    const reason = `${taken} in the last hour (limit ${own.perHour}); needs approval by a person`;
    return { state: 'withheld', reason };
  }
  return { state: 'apply' };
}

const order: readonly ActionState[] = ['apply', 'dry-run', 'withheld'];

/** One decision for each action: the strongest that a rule gives. */
export function mergeActions(
  rules: readonly { readonly id: string; readonly actions: readonly RuleAction[] }[],
): ActionDecision[] {
  const acting = rules.filter(({ actions }) => actions.length > 0);
  if (acting.length === 0) return [];
  return policyActions.flatMap((action) => {
    const wanted = acting.flatMap(({ id, actions }) =>
      actions.filter((one) => one.action === action).map((one) => ({ id, ...one })),
    );
    const [first] = wanted.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
    if (first === undefined) return [];
    const { state, reason } = first;
    const ids = wanted.filter((one) => one.state === state).map(({ id }) => id);
    return [{ action, state, rules: ids, ...(reason !== undefined && { reason }) }];
  });
}
