export * from './connection.ts';
export * from './settings.ts';
