/** What a valid policy says that is probably not meant. */
import { policyActions } from '@lazaret/protocol';

import type { PolicyDocument } from './policy-schema.ts';
import type { PolicyFault } from './policy-fault.ts';
import type { YamlDocument } from './read-yaml.ts';

/** Actions that a policy has to enable. */
export const optInActions = ['block', 'quarantine', 'delete'] as const;

export function findWarnings(document: PolicyDocument, yaml: YamlDocument): PolicyFault[] {
  const { rules, actions, exceptions } = document;
  const used = new Set(rules.flatMap((rule) => rule.actions));
  const notEnabled = rules.flatMap((rule, index) =>
    optInActions
      .filter((action) => rule.actions.includes(action) && !actions[action].enabled)
      .map((action) =>
        yaml.fault(
          ['rules', index, 'actions'],
          `"${action}" is never taken: actions.${action}.enabled is not true`,
        ),
      ),
  );
  const notUsed = policyActions
    .filter((action) => isEnabled(actions[action]) && !used.has(action))
    .map((action) => yaml.fault(['actions', action], `no rule has the action "${action}"`));
  const broad = exceptions.flatMap(({ match }, index) =>
    match.rule !== undefined && Object.keys(match).length === 1
      ? [yaml.fault(['exceptions', index, 'match'], 'the rule never matches until this expires')]
      : [],
  );
  return [...notEnabled, ...notUsed, ...broad];
}

function isEnabled(settings: object): boolean {
  return 'enabled' in settings && settings.enabled === true;
}
