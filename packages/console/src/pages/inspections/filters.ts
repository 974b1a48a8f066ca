/** Filters of the inspection list in the URL. Unknown values are dropped. */
import { type InspectionState, inspectionStates } from '@lazaret/protocol';

export interface InspectionsSearch {
  /** States, separated by commas. */
  readonly state?: string;
  readonly project?: string;
}

export interface InspectionsQuery {
  readonly state?: InspectionState[];
  readonly project?: string;
}

const valueCharsMax = 200;

export const activeStates: readonly InspectionState[] = ['queued', 'running'];

export function readInspectionsSearch(raw: Record<string, unknown>): InspectionsSearch {
  const states = statesOf(typeof raw['state'] === 'string' ? raw['state'] : '');
  const project = raw['project'];
  const isProject = typeof project === 'string' && project !== '';
  return {
    ...(states.length > 0 ? { state: states.join(',') } : {}),
    ...(isProject && project.length <= valueCharsMax ? { project } : {}),
  };
}

/** Converts the filters to an API query. */
export function toInspectionsQuery({ state, ...rest }: InspectionsSearch): InspectionsQuery {
  const states = statesOf(state ?? '');
  return { ...rest, ...(states.length > 0 ? { state: states } : {}) };
}

function statesOf(list: string): InspectionState[] {
  const requested = new Set(list.split(','));
  return inspectionStates.filter((state) => requested.has(state));
}
