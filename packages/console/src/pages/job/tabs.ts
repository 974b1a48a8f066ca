export const jobTabs = ['log', 'result', 'findings', 'containment', 'history', 'raw'] as const;
export type JobTab = (typeof jobTabs)[number];
