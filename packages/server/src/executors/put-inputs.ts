/**
 * Copies inputs into a created container that was not started: into its anonymous volumes, either
 * through the archive API of the engine or, when the engine runs on this machine and its volumes
 * are accessible, directly into their directories. An older engine starts a process for each
 * archive, which takes longer than everything else around the container's start; nothing in a
 * volume is the workload's yet, so writing there follows no untrusted links. Results are hostile
 * and come back through the archive API alone.
 */
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readTar, writeTar } from '@lazaret/analysis';
import type { TarInput } from '@lazaret/analysis';
import { anyAnswer, type DockerClient, type DockerRequest } from '@lazaret/docker';
import { limits } from '@lazaret/protocol';
import { z } from 'zod';
import { ociLimits } from '@lazaret/oci';

import { serverLimits } from '../floor/limits.ts';
import { containerPath } from './docker-containers.ts';
import { ExecutorError } from './executor.ts';
import type { ContainerInputs, InputFile } from './executor.ts';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The content of one volume, and the owner of its root. */
interface VolumePlan {
  readonly mount: string;
  readonly root: Owner & { readonly mode: number };
  readonly files: readonly InputFile[];
  readonly fileOwner: Owner;
}

function modeOf({ executable = false }: InputFile): number {
  return executable ? 0o555 : 0o444;
}

/**
 * The inputs and their directory are owned by another user than that of the engine, which therefore
 * can neither write nor chmod them, even as uid 0, which has no capabilities. The root of a new
 * volume belongs to root: that of the output is changed.
 */
function planVolumes({ spec, files }: ContainerInputs): VolumePlan[] {
  for (const { name } of files) {
    if (name === '.' || name === '..' || !/^[^/\0]+$/.test(name)) {
      throw new Error(
        `the name of an input must be a plain file name, not ${JSON.stringify(name)}`,
      );
    }
  }
  const other = spec.user.uid === 0 ? 65_534 : 0;
  const fileOwner = { uid: other, gid: other };
  const { inputMount, outputMount } = spec;
  const input = { mount: inputMount, root: { ...fileOwner, mode: 0o555 }, fileOwner };
  if (outputMount === undefined) return [{ ...input, files }];
  const output = { mount: outputMount, root: { ...spec.user, mode: 0o700 }, fileOwner };
  if (inputMount === outputMount) return [{ ...output, files }];
  return [
    { ...input, files },
    { ...output, files: [] },
  ];
}

/** Through the archive API: works for every engine, local or remote. */
export async function putArchives(
  api: DockerClient,
  containerId: string,
  inputs: ContainerInputs,
): Promise<void> {
  const put = async ({ mount, root, files, fileOwner }: VolumePlan): Promise<void> => {
    // Engines ignore `.`, but apply owner and mode of `/` to the target directory.
    const entries: TarInput[] = [{ path: '/', type: 'directory', ...root }];
    for (const file of files) {
      const { name, sizeBytes, content } = file;
      entries.push({ path: name, mode: modeOf(file), ...fileOwner, sizeBytes, content });
    }
    const request: DockerRequest = {
      method: 'PUT',
      path: containerPath(containerId, 'archive'),
      query: { path: mount },
      body: writeTar(entries),
      deadlineMs: serverLimits.collectMs,
      signal: inputs.signal,
    };
    await api.call(request, anyAnswer);
  };
  await Promise.all(planVolumes(inputs).map(put));
}

/**
 * Whether this engine applied owner and mode of the roots of volumes from an archive. Without them
 * the user of the engine could not write its results, or as root could change its inputs; so it is
 * checked once for each engine. Throws ExecutorError `incompatible`.
 */
export async function checkVolumeRoot(
  api: DockerClient,
  containerId: string,
  { spec, signal }: ContainerInputs,
): Promise<void> {
  const [plan] = planVolumes({ spec, files: [] }).toReversed();
  if (plan === undefined) return;
  const { mount, root: wanted } = plan;
  const stream = await api.stream({
    method: 'GET',
    path: containerPath(containerId, 'archive'),
    query: { path: mount },
    signal,
  });
  for await (const { mode, uid } of readTar(stream, rootBounds)) {
    if (mode === wanted.mode && uid === wanted.uid) return;
    const found = `mode ${mode.toString(8)} and owner ${uid}`;
    const message = `the engine left ${mount} with ${found} instead of handing it over`;
    throw new ExecutorError('incompatible', message);
  }
}

const rootBounds = {
  entries: limits.inputsPerJob + 2,
  totalBytes: limits.outputBytesMax,
  entryBytes: limits.uploadBytes,
  pathBytes: limits.pathBytes,
  paxBytes: ociLimits.tarHeaderBytesMax,
} as const;

const mounted = z.object({
  Mounts: z.array(z.object({ Destination: z.string(), Source: z.string().default('') })),
});

/**
 * Directly into the directories of the volumes. False, with nothing written, when they are not
 * accessible: the name of an anonymous volume is random, so a directory of that name can only be
 * the right one.
 */
export async function writeVolumes(
  api: DockerClient,
  containerId: string,
  inputs: ContainerInputs,
): Promise<boolean> {
  const path = containerPath(containerId, 'json');
  const { Mounts: mounts } = await api.call(
    { method: 'GET', path, signal: inputs.signal },
    mounted,
  );
  const volumes = planVolumes(inputs).map((plan) => {
    const mount = mounts.find(({ Destination }) => Destination === plan.mount);
    return { plan, directory: mount?.Source ?? '' };
  });
  const reachable = await Promise.all(volumes.map(({ directory }) => isDirectory(directory)));
  if (reachable.includes(false)) return false;
  try {
    for (const { plan, directory } of volumes) await writeVolume(directory, plan, inputs.signal);
  } catch (error) {
    throw asRefusal(error);
  }
  return true;
}

/** A full or failing disk is that of the node, as with the archive API. */
function asRefusal(error: unknown): unknown {
  const code = error instanceof Error && 'syscall' in error && 'code' in error ? error.code : '';
  if (typeof code !== 'string' || code === '') return error;
  return new ExecutorError('refused', `writing inputs into a volume: ${code}`, { cause: error });
}

async function isDirectory(path: string): Promise<boolean> {
  if (!/\/[0-9a-f]{64}\/_data$/.test(path)) return false;
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    // Not on this machine, or not accessible for this user: the archive API is used instead.
    return false;
  }
}

async function writeVolume(
  directory: string,
  plan: VolumePlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const file of plan.files) await writeInput(directory, { file, plan, signal });
  const root = await open(directory);
  try {
    await root.chown(plan.root.uid, plan.root.gid);
    await root.chmod(plan.root.mode);
  } finally {
    await root.close();
  }
}

interface Writing {
  readonly file: InputFile;
  readonly plan: VolumePlan;
  readonly signal: AbortSignal | undefined;
}

async function writeInput(directory: string, { file, plan, signal }: Writing): Promise<void> {
  const { name, sizeBytes, content } = file;
  const mode = modeOf(file);
  const handle = await open(join(directory, name), 'wx', mode);
  try {
    let missing = sizeBytes;
    for await (const chunk of content) {
      if (signal?.aborted === true) throw new ExecutorError('aborted', 'aborted between chunks');
      missing -= chunk.length;
      if (missing < 0) throw new Error(`${name} has more than ${sizeBytes} bytes`);
      await handle.writeFile(chunk);
    }
    if (missing > 0) throw new Error(`${name} has fewer than ${sizeBytes} bytes`);
    await handle.chown(plan.fileOwner.uid, plan.fileOwner.gid);
    await handle.chmod(mode);
    await handle.utimes(0, 0);
  } finally {
    await handle.close();
  }
}
