/** Set-up of a machine: Debian packages, a Docker engine, base images and images of engines. */
export { ensurePackages, hasApt } from './apt-packages.mjs';
export { buildBase, busyboxBase } from './base-image.ts';
export type { BaseRecipe, BuildBaseOptions, BuiltImage } from './base-image.ts';
export { buildEngines, listEngines } from './build-engines.ts';
export type { BuildEnginesOptions, BuiltEngine } from './build-engines.ts';
export { ensureClamav } from './clamav.ts';
export type { ClamavState, EnsureClamavOptions } from './clamav.ts';
export { stopDockerd } from './dockerd.ts';
export { ensureDocker } from './ensure-docker.ts';
export type { DockerState, EnsureDockerOptions } from './ensure-docker.ts';
export { findImage, removeImage, sendTar, withEngine } from './local-engine.ts';
export type { LocalImage, Log } from './local-engine.ts';
export { packFiles } from './pack-files.ts';
