/** The words of policies and decisions, shared by documents, evaluation and the API. */

/**
 * What can be done about an image, from the mildest to the strictest: the ladder. Only the last two
 * change what a registry serves.
 */
export const policyActions = [
  ...(['report', 'notify', 'attach', 'block', 'quarantine', 'delete'] as const),
] as const;
export type PolicyAction = (typeof policyActions)[number];

/** How a matched rule changes the verdict of the policy. */
export const policyEffects = ['fail', 'warn', 'none'] as const;
export type PolicyEffect = (typeof policyEffects)[number];

/** From the best to the worst. */
export const policyVerdicts = ['pass', 'warn', 'incomplete', 'fail'] as const;
export type PolicyVerdict = (typeof policyVerdicts)[number];

export const ruleStates = ['matched', 'passed', 'not-applicable', 'excepted', 'error'] as const;
export type RuleState = (typeof ruleStates)[number];

export const actionStates = ['apply', 'dry-run', 'withheld'] as const;
export type ActionState = (typeof actionStates)[number];

/** `none`: no rule asks for anything. */
export const decisionActions = ['none', ...policyActions] as const;
export type DecisionAction = (typeof decisionActions)[number];
