export * from './model.ts';
export * from './operations.ts';
export * from './signatures.ts';
