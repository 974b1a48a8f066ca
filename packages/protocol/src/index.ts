/** The only door of the package: what crosses a boundary. */
export * from './access.ts';
export * from './artifact.ts';
export * from './client.ts';
export * from './engine.ts';
export * from './event.ts';
export * from './event-stream.ts';
export * from './fields.ts';
export * from './job.ts';
export * from './legacy.ts';
export * from './limits.ts';
export * from './node.ts';
export * from './openapi.ts';
export * from './operation.ts';
export * from './operations.ts';
export * from './problem.ts';
export * from './quantity.ts';
export * from './system.ts';
