export * from './model.ts';
export * from './audit-chain.ts';
export * from './operations.ts';
