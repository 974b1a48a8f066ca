/** Patterns that choose events by their type: `arrival.inspected`, `arrival.*`, `*`. */
import { nearestName } from '../core/nearest-name.ts';
import { eventKinds, type EventType } from '../event-kinds.ts';

const types = Object.keys(eventKinds) as EventType[];
const groups = [...new Set(types.map((type) => `${type.split('.')[0] ?? ''}.*`))];

/** The types that any of the patterns matches, in the order of the table of types. */
export function matchEventTypes(patterns: readonly string[]): EventType[] {
  return types.filter((type) => patterns.some((pattern) => matchesType(pattern, type)));
}

/** What is wrong with a pattern; undefined for one that matches some type. */
export function describeInvalidPattern(pattern: string): string | undefined {
  if (types.some((type) => matchesType(pattern, type))) return undefined;
  const nearest = nearestName(pattern, [...types, ...groups]);
  const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  const received = JSON.stringify(pattern);
  return `expected a type of event, as in job.finished, arrival.* or *, received ${received}${suggestion}`;
}

function matchesType(pattern: string, type: EventType): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
