/** Running containers: the public part for other slices. */
export { collectOutput } from './collect-output.ts';
export type { CollectedOutput } from './collect-output.ts';
export { createDockerExecutor } from './docker.ts';
export { ExecutorError } from './executor.ts';
export type { ContainerExit, Executor, FoundContainer, InputFile, NodeFacts } from './executor.ts';
export { labelNames } from './profile.ts';
export type { ContainerSpec } from './profile.ts';
