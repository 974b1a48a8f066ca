/**
 * Where containers run, as the rest of Lazaret sees it. One container serves one attempt:
 *
 *   create -> putInputs -> start -> wait -> collect -> remove
 *
 * followLogs, sample, outputUsage, stop and kill go beside it; list finds what an earlier process
 * left, and wait may begin on a container that has long ended. Nothing is kept in memory that a
 * restart would lose: a container is known by its id and its labels.
 */
import type { TarEntry, TarLimits } from '@lazaret/analysis';
import { EngineError } from '@lazaret/docker';

import type { AppliedContainment, Mismatch } from './applied.ts';
import type { ContainerSpec } from './profile.ts';

export interface Executor {
  readonly kind: 'docker';
  /** Asks the engine for its facts; also shows whether it answers. */
  probe(call?: CallOptions): Promise<NodeFacts>;
  /** What a reference stands for on the node. Throws `image_missing` when the node lacks it. */
  resolveImage(reference: string, call?: CallOptions): Promise<ResolvedImage>;
  /** The same, pulled first when it is missing and has a registry to be pulled from. */
  ensureImage(reference: string, options?: PullOptions): Promise<ResolvedImage>;
  /** Makes the container and reads back what the engine applied; a mismatch is not thrown. */
  create(spec: ContainerSpec, call?: CallOptions): Promise<CreatedContainer>;
  /**
   * Streams the inputs into their mount, where the engine's user cannot change them, and hands it
   * the output mount. Before start, once.
   */
  putInputs(containerId: string, inputs: ContainerInputs): Promise<void>;
  start(containerId: string, call?: CallOptions): Promise<void>;
  /**
   * How the container ended; at once when it has. Throws `not_started` for one that was never
   * started, `not_found` for one that is gone.
   */
  wait(containerId: string, call?: CallOptions): Promise<ContainerExit>;
  /**
   * Hands the log over until the container has ended. Throws `unreachable` when the stream is cut;
   * the position of the last piece resumes it.
   */
  followLogs(containerId: string, options: FollowOptions): Promise<void>;
  /** Present use of memory, CPU and processes; undefined when the container does not run. */
  sample(containerId: string, call?: CallOptions): Promise<ContainerSample | undefined>;
  /**
   * Bytes that each attempt has written to its output mount, from one question for all. When asking
   * is slow for the engine, the last answer stands for a while; absent means not known.
   */
  outputUsage(
    attempts: readonly string[],
    call?: CallOptions,
  ): Promise<ReadonlyMap<string, number>>;
  /** Everything below a directory of the container, as relative paths; also after its end. */
  collect(containerId: string, options: CollectOptions): AsyncIterable<TarEntry>;
  /** Ends the container at once. An ended or absent one is fine. */
  kill(containerId: string, call?: CallOptions): Promise<void>;
  /** Asks the container to end and kills it after the grace. Answers when it has ended. */
  stop(containerId: string, options: StopOptions): Promise<void>;
  /** Removes the container with its volumes. An absent one is fine. */
  remove(containerId: string, call?: CallOptions): Promise<void>;
  /** Containers that carry all the labels, running or not. */
  list(labels: Readonly<Record<string, string>>, call?: CallOptions): Promise<FoundContainer[]>;
  /** Cuts every connection. */
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
  /** As the engine names them, such as `name=seccomp,profile=default`. */
  readonly securityOptions: readonly string[];
  readonly seccomp: 'default' | 'other' | 'none';
  readonly rootless: boolean;
  readonly userNamespaces: boolean;
  readonly storageDriver: string;
  /** Whether a container's own layer can be given a size. */
  readonly storageQuota: boolean;
  /** The engine's clock minus ours, give or take half the time of the question. */
  readonly clockSkewMs: number;
  readonly warnings: readonly string[];
}

export interface ResolvedImage {
  /** What a container is made from: `name@sha256:...` of a registry, or the image's id. */
  readonly reference: string;
  readonly digest: string;
  readonly kind: 'repo-digest' | 'image-id';
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Directories that the image asks to be volumes; containment refuses them. */
  readonly volumes: readonly string[];
}

export interface PullProgress {
  readonly doneBytes: number;
  /** Of the layers seen so far; grows while the pull begins. */
  readonly totalBytes: number;
}

export interface PullOptions extends CallOptions {
  readonly onProgress?: (progress: PullProgress) => void;
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
}

export interface ContainerInputs extends CallOptions {
  /** The one that the container was made from. */
  readonly spec: ContainerSpec;
  readonly files: readonly InputFile[];
}

export interface ContainerExit {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** By the engine's clock; a very short run can end a moment before its noted start. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** What the engine says went wrong, mostly empty. */
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
  /** Awaited before the next piece is read. */
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
