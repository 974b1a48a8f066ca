export * from './states.ts';
export * from './outcomes.ts';
export * from './model.ts';
export * from './filter.ts';
export * from './findings.ts';
export * from './bulk.ts';
export * from './operations.ts';
