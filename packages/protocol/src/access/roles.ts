/** The roles, each with what the ones before it have. */
export const roles = ['viewer', 'submitter', 'investigator', 'operator', 'administrator'] as const;
export type Role = (typeof roles)[number];
