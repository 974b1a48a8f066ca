export * from './states.ts';
export * from './outcomes.ts';
export * from './model.ts';
export * from './operations.ts';
