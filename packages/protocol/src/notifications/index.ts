export * from './model.ts';
export * from './operations.ts';
export * from './patterns.ts';
export * from './settings.ts';
