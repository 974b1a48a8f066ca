export * from './manifest.ts';
export * from './model.ts';
export * from './operations.ts';
