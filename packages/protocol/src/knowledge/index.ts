export * from './indicator.ts';
export * from './model.ts';
export * from './operations.ts';
