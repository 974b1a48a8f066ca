import type { JobDetail } from '@lazaret/protocol';

export const jobTabs = ['log', 'result', 'findings', 'containment', 'history', 'raw'] as const;
export type JobTab = (typeof jobTabs)[number];

/** The tab of a URL without one: the result once there is one, and the log of other jobs. */
export function initialTab({ state, artifacts }: Pick<JobDetail, 'state' | 'artifacts'>): JobTab {
  return state === 'succeeded' && artifacts.length > 0 ? 'result' : 'log';
}
