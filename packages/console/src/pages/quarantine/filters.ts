/** Filters of the list of quarantined images in the URL. Unknown values are dropped. */
import { type QuarantineState, quarantineStates } from '@lazaret/protocol';

export interface QuarantineSearch {
  /** States, separated by commas. */
  readonly state?: string;
  readonly registry?: string;
  readonly repository?: string;
  readonly project?: string;
}

export interface QuarantineQuery {
  readonly state?: QuarantineState[];
  readonly registry?: string;
  readonly repository?: string;
  readonly project?: string;
}

const valueCharsMax = 300;

export function readQuarantineSearch(raw: Record<string, unknown>): QuarantineSearch {
  const states = statesOf(raw['state']);
  const names = ['registry', 'repository', 'project'].flatMap((name) => {
    const value = raw[name];
    const isText = typeof value === 'string' && value !== '' && value.length <= valueCharsMax;
    return isText ? [[name, value]] : [];
  });
  return {
    ...(states.length > 0 ? { state: states.join(',') } : {}),
    ...(Object.fromEntries(names) as Pick<QuarantineSearch, 'registry'>),
  };
}

/** Converts the filters to an API query. */
export function toQuarantineQuery({ state, ...rest }: QuarantineSearch): QuarantineQuery {
  const states = statesOf(state);
  return { ...rest, ...(states.length > 0 ? { state: states } : {}) };
}

function statesOf(value: unknown): QuarantineState[] {
  const requested = new Set(typeof value === 'string' ? value.split(',') : []);
  return quarantineStates.filter((state) => requested.has(state));
}
