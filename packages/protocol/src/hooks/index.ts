export * from './kinds.ts';
export * from './model.ts';
export * from './operations.ts';
