export * from './archive-model.ts';
export * from './model.ts';
export * from './operations.ts';
