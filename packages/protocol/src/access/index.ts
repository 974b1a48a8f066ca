export * from './roles.ts';
export * from './model.ts';
export * from './operations.ts';
