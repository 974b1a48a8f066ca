/** What the schema of the settings does not say: what belongs together. */
import {
  eventKinds,
  matchEventTypes,
  Problem,
  slug,
  targetFields,
  targetKinds,
  targetSettings,
  type EventField,
  type EventKind,
  type EventType,
  type ProblemField,
  type TargetKind,
  type TargetSettings,
} from '@lazaret/protocol';

import { describeInvalidReference, type SecretPlaces } from '../floor/secret-reference.ts';

/** Throws invalid_request with every error. */
export function checkSettings(
  kind: TargetKind,
  settings: TargetSettings,
  places: Pick<SecretPlaces, 'variablePrefix' | 'source'>,
): void {
  const fields = [
    ...checkKind(kind, settings),
    ...checkFilters(settings),
    ...(kind === 'file' ? checkFile(settings, places.source) : []),
    ...checkReferences(settings, places),
  ];
  const [first] = fields;
  if (first === undefined) return;
  throw new Problem('invalid_request', `${first.path}: ${first.message}`, { fields });
}

function checkKind(kind: TargetKind, settings: TargetSettings): ProblemField[] {
  const { needed } = targetFields[kind];
  const missing = needed
    .filter((key) => isEmpty(settings[key]))
    .map((key) => ({ path: key, message: `expected a value: a target of kind ${kind} needs it` }));
  const others = targetKinds.filter((other) => other !== kind);
  const wrong = others.flatMap((other) =>
    targetFields[other].own
      .filter((key) => !isDefault(key, settings))
      .map((key) => ({ path: key, message: `expected no value: only ${other} targets have it` })),
  );
  return [...missing, ...wrong];
}

function isEmpty(value: TargetSettings[keyof TargetSettings]): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

const defaults = targetSettings.parse({ events: ['*'] });

function isDefault(key: keyof TargetSettings, settings: TargetSettings): boolean {
  return JSON.stringify(settings[key]) === JSON.stringify(defaults[key]);
}

/** A filter that no chosen type can pass would silence the target. */
function checkFilters(settings: TargetSettings): ProblemField[] {
  const kinds: EventKind[] = matchEventTypes(settings.events).map((type) => eventKinds[type]);
  const filters: ['registries' | 'verdicts' | 'actions', EventField, boolean][] = [
    ['registries', 'registry', kinds.some(({ subject }) => subject === 'registry')],
    ['verdicts', 'verdict', false],
    ['actions', 'action', false],
  ];
  return filters.flatMap(([path, field, isSubject]) => {
    if (isEmpty(settings[path])) return [];
    if (isSubject || kinds.some(({ fields = [] }) => fields.includes(field))) return [];
    const able = Object.entries<EventKind>(eventKinds)
      .filter(([, { fields = [] }]) => fields.includes(field))
      .map(([type]) => type);
    const message = `expected a type of event with a ${field} in events, such as ${able.join(', ')}`;
    return [{ path, message }];
  });
}

/** Events that the files of Collector have records for. */
const collectorTypes: ReadonlySet<EventType> = new Set([
  ...(['arrival.inspected', 'tag.moved', 'tag.disappeared', 'script.completed'] as const),
]);

function checkFile(
  { directory, layout, events }: TargetSettings,
  source: SecretPlaces['source'],
): ProblemField[] {
  const other = matchEventTypes(events).find((type) => !collectorTypes.has(type));
  const types = [...collectorTypes].join(', ');
  return [
    ...(directory !== '' && source === 'api' && !slug.safeParse(directory).success
      ? [{ path: 'directory', message: 'expected a name; a directory below `exports` is created' }]
      : []),
    ...(layout === 'collector' && other !== undefined
      ? [{ path: 'events', message: `expected ${types} with the layout collector, not ${other}` }]
      : []),
  ];
}

function checkReferences(
  settings: TargetSettings,
  places: Pick<SecretPlaces, 'variablePrefix' | 'source'>,
): ProblemField[] {
  const { secrets, authorization, credentials, caFile } = settings;
  const references = [
    ...secrets.map((reference, index) => [`secrets.${index}`, reference] as const),
    ...[['authorization', authorization] as const, ['credentials', credentials] as const],
    ...[['caFile', caFile === '' ? '' : `file:${caFile}`] as const],
  ];
  return references.flatMap(([path, reference]) => {
    const message = reference === '' ? undefined : describeInvalidReference(reference, places);
    return message === undefined ? [] : [{ path, message }];
  });
}
