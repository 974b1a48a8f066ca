export const jobTabs = ['log', 'result', 'containment', 'history', 'raw'] as const;
export type JobTab = (typeof jobTabs)[number];
