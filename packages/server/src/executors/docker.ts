/** The executor of a Docker engine, local or remote. */
import {
  createConcurrencyGate,
  createDockerClient,
  type DockerClient,
  type DockerEndpoint,
  DockerError,
  dockerLimits,
} from '@lazaret/docker';
import { Problem } from '@lazaret/protocol';

import type { Mismatch } from './applied.ts';
import {
  collectFiles,
  createContainer,
  killContainer,
  listContainers,
  removeContainer,
  startContainer,
  stopContainer,
  waitContainer,
} from './docker-containers.ts';
import { createDockerImages } from './docker-images.ts';
import { listLoaded, loadImage, unloadImage } from './load-image.ts';
import { ensureVolume, listVolumes, removeVolume } from './tool-volumes.ts';
import { createOutputUsage, followLogs, sampleContainer } from './docker-observe.ts';
import { probeDocker } from './docker-probe.ts';
import type { CallOptions, Executor, NodeFacts } from './executor.ts';
import { executorLimits } from './limits.ts';
import { containerConfig } from './profile.ts';
import type { ContainerSpec } from './profile.ts';
import { translateErrors } from './translate-errors.ts';
import { checkVolumeRoot, putArchives, writeVolumes } from './put-inputs.ts';

export interface DockerExecutorOptions extends DockerEndpoint {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Containers that start at the same time; twice the engine's cores, at most 8, without it. */
  readonly startsAtOnce?: number;
}

/** Throws Problem `invalid_configuration` for an invalid engine address. */
export function createDockerExecutor(options: DockerExecutorOptions): Executor {
  const api = openClient(options);
  const images = createDockerImages(api);
  const starts = createConcurrencyGate(options.startsAtOnce ?? executorLimits.startsPerCore);
  let known: NodeFacts | undefined;
  const isLocal = options.address.startsWith('unix:');
  let volumesReachable = true;
  let rootsChecked = false;

  async function probe({ signal }: CallOptions = {}): Promise<NodeFacts> {
    const deadlineMs = dockerLimits.nodeProbeTimeoutMs;
    const call = signal === undefined ? {} : { signal };
    const facts = await probeDocker(api, { deadlineMs, now: options.now, ...call });
    const byCores = Math.min(
      facts.cpus * executorLimits.startsPerCore,
      executorLimits.startsPerNodeMax,
    );
    starts.resize(options.startsAtOnce ?? byCores);
    known = facts;
    return facts;
  }

  return translateErrors({
    kind: 'docker',
    probe,
    resolveImage: (reference, call) => images.resolve(reference, call),
    ensureImage: (reference, pull) => images.ensure(reference, pull),
    loadImage: (image, call = {}) => loadImage(api, image, call),
    listLoaded: (labels, call = {}) => listLoaded(api, labels, call),
    unloadImage: (imageId, call = {}) => unloadImage(api, imageId, call),
    ensureVolume: (volume, call = {}) => ensureVolume(api, volume, call),
    listVolumes: (labels, call = {}) => listVolumes(api, labels, call),
    removeVolume: (name, call = {}) => removeVolume(api, name, call),
    async create(spec, call = {}) {
      const facts = known ?? (await probe(call));
      const body = containerConfig(spec, facts);
      const name = `lazaret-${spec.labels.attempt ?? spec.labels.scriptRun}`;
      const created = await createContainer(api, { name, body }, call);
      return { ...created, mismatches: [...created.mismatches, ...engineGaps(spec, facts)] };
    },
    async putInputs(containerId, inputs) {
      // With user namespaces the mapping is up to the engine.
      const facts = known ?? (await probe(inputs));
      const near = isLocal && volumesReachable && !facts.userNamespaces;
      if (near && (await writeVolumes(api, containerId, inputs))) return;
      volumesReachable = false;
      await putArchives(api, containerId, inputs);
      if (rootsChecked) return;
      await checkVolumeRoot(api, containerId, inputs);
      rootsChecked = true;
    },
    start: (containerId, call = {}) =>
      starts.run(() => startContainer(api, containerId, call), call.signal),
    wait: (containerId, call = {}) => waitContainer(api, containerId, call),
    followLogs: (containerId, follow) => followLogs(api, containerId, follow),
    sample: (containerId, call = {}) => sampleContainer(api, containerId, call),
    outputUsage: createOutputUsage(api, options.now),
    collect: (containerId, collect) => collectFiles(api, containerId, collect),
    kill: (containerId, call = {}) => killContainer(api, containerId, call),
    stop: (containerId, stop) => stopContainer(api, containerId, stop),
    remove: (containerId, call = {}) => removeContainer(api, containerId, call),
    list: (labels, call = {}) => listContainers(api, labels, call),
    close: () => api.close(),
  });
}

function openClient(options: DockerExecutorOptions): DockerClient {
  try {
    return createDockerClient(options);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    throw new Problem('invalid_configuration', error.message, { cause: error });
  }
}

/** Not part of the inspect response: a container without its own filter gets that of the engine. */
function engineGaps(spec: ContainerSpec, facts: NodeFacts): Mismatch[] {
  if (spec.seccomp === 'strict' || facts.seccomp !== 'none') return [];
  const field = 'HostConfig.SecurityOpt';
  return [{ field, wanted: "the engine's default seccomp profile", got: 'none on this engine' }];
}
