export * from './model.ts';
export * from './operations.ts';
export * from './term.ts';
