export * from './model.ts';
export * from './operations.ts';
export * from './settings.ts';
