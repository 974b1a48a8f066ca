/** Filters of the list of arrivals in the URL. Unknown values are dropped. */
import {
  type ArrivalState,
  arrivalStates,
  type VerdictState,
  verdictState,
} from '@lazaret/protocol';

export interface ArrivalsSearch {
  /** States, separated by commas. */
  readonly state?: string;
  readonly verdict?: string;
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly project?: string;
}

export interface ArrivalsQuery {
  readonly state?: ArrivalState[];
  readonly verdict?: VerdictState[];
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly project?: string;
}

const valueCharsMax = 300;

export const activeStates: readonly ArrivalState[] = ['waiting', 'inspecting'];

export function readArrivalsSearch(raw: Record<string, unknown>): ArrivalsSearch {
  const states = statesOf(raw['state']);
  const verdict = verdictState.options.find((one) => one === raw['verdict']);
  const names = ['registry', 'repository', 'tag', 'project'].flatMap((name) => {
    const value = textOf(raw[name]);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...(states.length > 0 ? { state: states.join(',') } : {}),
    ...(verdict === undefined ? {} : { verdict }),
    ...(Object.fromEntries(names) as Pick<ArrivalsSearch, 'registry'>),
  };
}

/** Converts the filters to an API query. */
export function toArrivalsQuery({ state, verdict, ...rest }: ArrivalsSearch): ArrivalsQuery {
  const states = statesOf(state);
  const verdicts = verdictState.options.filter((one) => one === verdict);
  return {
    ...rest,
    ...(states.length > 0 ? { state: states } : {}),
    ...(verdicts.length > 0 ? { verdict: verdicts } : {}),
  };
}

function statesOf(value: unknown): ArrivalState[] {
  const requested = new Set(typeof value === 'string' ? value.split(',') : []);
  return arrivalStates.filter((state) => requested.has(state));
}

function textOf(value: unknown): string | undefined {
  const isText = typeof value === 'string' && value !== '' && value.length <= valueCharsMax;
  return isText ? value : undefined;
}
