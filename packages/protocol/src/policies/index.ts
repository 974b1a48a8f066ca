export * from './effect.ts';
export * from './exception.ts';
export * from './model.ts';
export * from './operations.ts';
export * from './words.ts';
