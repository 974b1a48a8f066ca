/**
 * The interface for running containers. One container serves one attempt:
 *
 *   create -> putInputs -> start -> wait -> collect -> remove
 *
 * followLogs, sample, outputUsage, stop and kill run concurrently; list finds containers of an
 * earlier process, and wait may start on a container that has long ended. Nothing is kept in memory
 * that a restart would lose: a container is known by its id and its labels.
 */
import type { TarEntry, TarInput, TarLimits } from '@lazaret/analysis';
import { EngineError } from '@lazaret/docker';

import type { AppliedContainment, Mismatch } from './applied.ts';
import type { ContainerSpec } from './profile.ts';

export interface Executor {
  readonly kind: 'docker';
  /** Reads the properties of the engine; also checks that it responds. */
  probe(call?: CallOptions): Promise<NodeFacts>;
  /** Resolves a reference on the node. Throws `image_missing` when the node does not have it. */
  resolveImage(reference: string, call?: CallOptions): Promise<ResolvedImage>;
  /** The same, after pulling a missing image from its registry. */
  ensureImage(reference: string, options?: PullOptions): Promise<ResolvedImage>;
  /**
   * Loads the layers of an image, without anything of its configuration, and verifies that the
   * engine has exactly these layers. No registry is contacted.
   */
  loadImage(image: LoadableImage, call?: CallOptions): Promise<LoadedImage>;
  /** Images that were loaded, by their labels. */
  listLoaded(
    labels: Readonly<Record<string, string>>,
    call?: CallOptions,
  ): Promise<readonly LoadedImage[]>;
  /** Removes a loaded image; layers that other images have stay. No error if it does not exist. */
  unloadImage(imageId: string, call?: CallOptions): Promise<void>;
  /** Creates the volume with these files unless it is complete. */
  ensureVolume(volume: SharedVolume, call?: CallOptions): Promise<void>;
  /** Names of volumes with all of the labels. */
  listVolumes(
    labels: Readonly<Record<string, string>>,
    call?: CallOptions,
  ): Promise<readonly string[]>;
  /** Removes a volume. No error if it does not exist or a container uses it. */
  removeVolume(name: string, call?: CallOptions): Promise<void>;
  /** Creates the container and reads the applied configuration back; a mismatch is not thrown. */
  create(spec: ContainerSpec, call?: CallOptions): Promise<CreatedContainer>;
  /**
   * Streams the inputs into their mount, where the user of the engine cannot change them, and
   * makes the output mount writable. Call once before start.
   */
  putInputs(containerId: string, inputs: ContainerInputs): Promise<void>;
  start(containerId: string, call?: CallOptions): Promise<void>;
  /**
   * The exit of the container; immediate when it has ended. Throws `not_started` for one that
   * was never started, `not_found` for one that was removed.
   */
  wait(containerId: string, call?: CallOptions): Promise<ContainerExit>;
  /**
   * Streams the log until the container has ended. Throws `unreachable` when the stream is
   * interrupted; the position of the last chunk resumes it.
   */
  followLogs(containerId: string, options: FollowOptions): Promise<void>;
  /** Current usage of memory, CPU and processes; undefined when the container does not run. */
  sample(containerId: string, call?: CallOptions): Promise<ContainerSample | undefined>;
  /**
   * Bytes that each attempt has written to its output mount, from one request for all. When the
   * engine is slow, the last response is reused for a while; absent means unknown.
   */
  outputUsage(
    attempts: readonly string[],
    call?: CallOptions,
  ): Promise<ReadonlyMap<string, number>>;
  /** Everything below a directory of the container, as relative paths; also after its end. */
  collect(containerId: string, options: CollectOptions): AsyncIterable<TarEntry>;
  /** Kills the container. No error if it has ended or does not exist. */
  kill(containerId: string, call?: CallOptions): Promise<void>;
  /** Stops the container and kills it after the grace period. Resolves when it has ended. */
  stop(containerId: string, options: StopOptions): Promise<void>;
  /** Removes the container with its volumes. No error if it does not exist. */
  remove(containerId: string, call?: CallOptions): Promise<void>;
  /** Containers with all of the labels, running or not. */
  list(labels: Readonly<Record<string, string>>, call?: CallOptions): Promise<FoundContainer[]>;
  /** Closes every connection. */
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface NodeFacts {
  readonly engineId: string;
  readonly engineName: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cgroupVersion: number;
  readonly runtimes: readonly string[];
  readonly defaultRuntime: string;
  /** Names of the engine, such as `name=seccomp,profile=default`. */
  readonly securityOptions: readonly string[];
  readonly seccomp: 'default' | 'other' | 'none';
  readonly rootless: boolean;
  readonly userNamespaces: boolean;
  readonly storageDriver: string;
  /** Whether a container's own layer can be given a size. */
  readonly storageQuota: boolean;
  /** The engine's clock minus ours, plus or minus half the round-trip time. */
  readonly clockSkewMs: number;
  readonly warnings: readonly string[];
}

export interface ResolvedImage {
  /** The reference for containers: `name@sha256:...` of a registry, or the id of the image. */
  readonly reference: string;
  readonly digest: string;
  readonly kind: 'repo-digest' | 'image-id';
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Directories that the image declares as volumes; containment refuses them. */
  readonly volumes: readonly string[];
}

export interface PullProgress {
  readonly doneBytes: number;
  /** Of the layers known so far; grows at the start of the pull. */
  readonly totalBytes: number;
}

export interface PullOptions extends CallOptions {
  readonly onProgress?: (progress: PullProgress) => void;
}

/** An image of which only the layers are given: nothing that its configuration says applies. */
export interface LoadableImage {
  /** `lazaret-inspected:NAME`, a name that no one else uses. */
  readonly tag: string;
  readonly os: string;
  readonly architecture: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Lowest first; each is read completely before the next one is requested. */
  readonly layers: AsyncIterable<LoadableLayer>;
}

export interface LoadableLayer {
  readonly diffId: string;
  readonly sizeBytes: number;
  /** Uncompressed. */
  readonly tar: AsyncIterable<Uint8Array>;
}

export interface LoadedImage {
  readonly imageId: string;
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SharedVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** An image on the node; no program of it runs. */
  readonly image: string;
  readonly files: () => AsyncIterable<TarInput>;
}

export interface CreatedContainer {
  readonly containerId: string;
  readonly applied: AppliedContainment;
  readonly mismatches: readonly Mismatch[];
}

export interface InputFile {
  /** A plain name: no slash, not `.` or `..`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether it is a program that the container runs. */
  readonly executable?: boolean;
}

export interface ContainerInputs extends CallOptions {
  /** The image of the container. */
  readonly spec: ContainerSpec;
  readonly files: readonly InputFile[];
}

export interface ContainerExit {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** By the engine's clock; a very short run can end a moment before its noted start. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The error of the engine, usually empty. */
  readonly error: string;
}

export interface LogPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
  /** By the engine's clock, RFC 3339 with nanoseconds. */
  readonly at: string;
  /** Pass it to followLogs to continue after this chunk. */
  readonly position: string;
}

export interface FollowOptions extends CallOptions {
  /** Awaited before the next chunk is read. */
  readonly onChunk: (piece: LogPiece) => void | Promise<void>;
  /** Continue after this position; the whole log from the start of the container without it. */
  readonly after?: string;
}

export interface ContainerSample {
  readonly memoryBytes: number;
  /** The peak so far where the kernel reports it, otherwise the current use. */
  readonly memoryPeakBytes: number;
  readonly cpuSeconds: number;
  readonly pids: number;
  /** 0 without a limit. */
  readonly pidsLimit: number;
}

export interface CollectOptions extends CallOptions {
  readonly path: string;
  readonly limits: TarLimits;
}

export interface StopOptions extends CallOptions {
  readonly graceMs: number;
}

export interface FoundContainer {
  readonly containerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'created' | 'running' | 'ended';
  readonly createdAtMs: number;
}

export type ExecutorErrorCode =
  /** No connection, or it broke. */
  | 'unreachable'
  /** Connected, but no answer in time. */
  | 'deadline'
  /** The caller's signal. */
  | 'aborted'
  /** The engine refused; `status` and message are its own. */
  | 'refused'
  | 'not_found'
  | 'conflict'
  /** A response that is not of the Engine API. */
  | 'bad_answer'
  /** An engine that is too old or too new. */
  | 'incompatible'
  | 'image_missing'
  | 'not_started';

/** Why an executor failed; never a statement about the workload. */
export class ExecutorError extends EngineError<ExecutorErrorCode> {}
