/** Facts, findings, coverage and the report of an inspection. */
export * from './coverage.ts';
export * from './diagnostic.ts';
export * from './difference.ts';
export * from './digest.ts';
export * from './fact.ts';
export * from './file.ts';
export * from './finding.ts';
export * from './judge.ts';
export * from './not-checked.ts';
export * from './report.ts';
export * from './upgrade.ts';
