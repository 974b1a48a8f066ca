/** Which events a target is notified of; pure. */
import {
  eventKinds,
  matchEventTypes,
  type DecidedAction,
  type TargetSettings,
} from '@lazaret/protocol';

import type { StoredEvent } from '../floor/events/index.ts';

/** A test of events for one target. */
export function createMatcher(
  name: string,
  settings: TargetSettings,
): (event: StoredEvent) => boolean {
  const types: ReadonlySet<string> = new Set(matchEventTypes(settings.events));
  const { projects, registries, verdicts, actions } = settings;
  return (event) =>
    types.has(event.type) &&
    // Otherwise the failure of a target would be one more event that cannot be delivered to it.
    !(isAboutTargets(event.type) && event.subject === name) &&
    isChosen(projects, [event.project]) &&
    isChosen(registries, registriesOf(event)) &&
    isChosen(verdicts, [event.data['verdict'], event.data['inspected']]) &&
    isChosen(actions, actionsOf(event));
}

/** Whether an event is about notifications. */
export function isAboutTargets(type: string): boolean {
  return type.startsWith('notification.');
}

/** An empty list does not restrict. */
function isChosen(chosen: readonly string[], values: readonly unknown[]): boolean {
  return chosen.length === 0 || values.some((value) => chosen.includes(value as string));
}

function registriesOf({ type, subject, data }: StoredEvent): readonly unknown[] {
  return eventKinds[type].subject === 'registry' ? [subject] : [data['registry']];
}

/** The strictest action of a decision, and milder ones that are applied too. */
function actionsOf({ data }: StoredEvent): readonly unknown[] {
  const { action, actions } = data;
  if (!Array.isArray(actions)) return [action];
  const applied = (actions as readonly Partial<DecidedAction>[]).filter(
    (one) => one.state === 'apply',
  );
  return [action, ...applied.map((one) => one.action)];
}
