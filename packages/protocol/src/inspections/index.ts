export * from './model.ts';
export * from './operations.ts';
export * from './scanners.ts';
export * from './settings.ts';
export * from './clamd-address.ts';
