/** The Docker Engine API: one client for jobs, inspection and set-up. */
export { createConcurrencyGate } from './concurrency-gate.ts';
export { anyAnswer, createDockerClient } from './docker-client.ts';
export type { DockerClient, DockerRequest } from './docker-client.ts';
export type { DockerEndpoint } from './docker-endpoint.ts';
export { DockerError } from './docker-error.ts';
export type { DockerErrorCode } from './docker-error.ts';
export { EngineError } from './engine-error.ts';
export { dockerLimits } from './limits.ts';
export { pathName } from './path-name.ts';
export { untilAborted } from './until-aborted.ts';
