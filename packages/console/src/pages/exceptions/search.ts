/** Filters of the list of exceptions, and a prefilled new one, in the URL. */
import { exceptionStates, type ExceptionState } from '@lazaret/protocol';

const valueCharsMax = 2_000;
const dayMs = 86_400_000;

/** Exceptions that end within this time are marked. */
export const soonDays = 14;

/** Fields of `match`, in the order of the form. */
export const targetNames = [
  ...(['vulnerability', 'package', 'signature', 'path', 'rule', 'finding', 'image'] as const),
] as const;
export type TargetName = (typeof targetNames)[number];

/** The fields of a target that are given. */
export type TargetFields = Partial<Readonly<Record<TargetName, string>>>;

/** `soon`: in force, and ending soon. */
const stateFilters = ['soon', 'all', ...exceptionStates] as const;
type StateFilter = (typeof stateFilters)[number];

export interface ExceptionsSearch extends TargetFields {
  readonly state?: string;
  readonly source?: string;
  readonly text?: string;
  readonly project?: string;
  /** The form of a new exception is open, with the given target. */
  readonly add?: string;
}

export interface ExceptionsQuery {
  readonly state?: ExceptionState[];
  readonly source?: string;
  readonly vulnerability?: string;
  readonly expiresBefore?: string;
  readonly project?: string;
}

export function readExceptionsSearch(raw: Record<string, unknown>): ExceptionsSearch {
  const search: Record<string, string> = {};
  const state = stateFilters.find((one) => one === raw['state']);
  if (state !== undefined) search['state'] = state;
  const isAdding = raw['add'] === '1';
  if (isAdding) search['add'] = '1';
  const names = ['source', 'text', 'project', ...(isAdding ? targetNames : [])];
  for (const name of names) {
    const value = raw[name];
    if (typeof value === 'string' && value !== '' && value.length <= valueCharsMax)
      search[name] = value;
  }
  return search;
}

/** The part of the search that filters the list. */
export function filtersOf(search: ExceptionsSearch): ExceptionsSearch {
  const { state, source, text, project } = search;
  const given = Object.entries({ state, source, text, project });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** The part of the search that prefills the form. */
export function targetOf(search: ExceptionsSearch): TargetFields {
  const given = targetNames.map((name) => [name, search[name]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/**
 * Converts the filters to an API query. The text is the ID of a vulnerability.
 *
 * @param nowMs milliseconds since 1970
 */
export function toExceptionsQuery(search: ExceptionsSearch, nowMs: number): ExceptionsQuery {
  const { state, source, text, project } = search;
  return {
    ...statesOf(state as StateFilter | undefined, nowMs),
    ...(source !== undefined && { source }),
    ...(text !== undefined && { vulnerability: text }),
    ...(project !== undefined && { project }),
  };
}

function statesOf(filter: StateFilter | undefined, nowMs: number): ExceptionsQuery {
  if (filter === 'all') return { state: [...exceptionStates] };
  if (filter === 'soon') {
    // by the day, so that the query does not change while it is shown
    const day = Math.ceil(nowMs / dayMs) + soonDays;
    return { state: ['in-force'], expiresBefore: new Date(day * dayMs).toISOString() };
  }
  return { state: [filter ?? 'in-force'] };
}

/** Whether an exception in force ends soon. */
export function endsSoon(expires: string, nowMs: number): boolean {
  return Date.parse(expires) - nowMs < soonDays * dayMs;
}
