/**
 * Watches a running container: its log, samples, the time limit, the disk guard, cancel and stop.
 * The kernel enforces limits of memory and processes; their effects are observed here and reported
 * in the outcome. An engine that does not answer is unknown, not removed: polling continues until
 * the lease time has passed.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { backoffMs, formatSize, type Outcome } from '@lazaret/protocol';
import { dockerLimits } from '@lazaret/docker';

import { ExecutorError, type ContainerExit, type Executor } from '../executors/index.ts';
import { serverLimits } from '../floor/limits.ts';
import type { LogWriter } from './attempt-log.ts';
import type { AttemptTask } from './container-spec.ts';
import { jobLimits } from './limits.ts';
import { AttemptEnded, type AttemptRecord, type RunControl } from './run-control.ts';

export interface RunEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Set when the attempt failed; undefined when its result must be collected. */
  readonly outcome: Outcome | undefined;
}

export interface SuperviseOptions {
  readonly task: AttemptTask;
  readonly containerId: string;
  readonly executor: Executor;
  readonly control: RunControl;
  readonly record: AttemptRecord;
  readonly log: LogWriter;
  readonly outputUsage: () => number | undefined;
}

/** Resolves when the container has ended, by itself or because it was killed here. */
export async function superviseRun(options: SuperviseOptions): Promise<RunEnd> {
  const ended = new AbortController();
  const watch = new RunWatch(options, ended.signal);
  const logged = followLog(options, ended.signal);
  const guards = [watch.timeLimit(), watch.stopOnRequest(), watch.sampleAndGuard()];
  try {
    const exit = await waitForEnd(options, watch);
    // The log is complete once its stream ended; one that hangs is aborted.
    await Promise.race([logged, pause(dockerLimits.callMs, undefined, { ref: false })]);
    return { exitCode: exit.exitCode, oomKilled: exit.oomKilled, outcome: watch.outcome(exit) };
  } finally {
    ended.abort();
    await Promise.allSettled([...guards, logged]);
  }
}

class RunWatch {
  readonly #options: SuperviseOptions;
  readonly #ended: AbortSignal;
  /** Why the container was killed here; the first reason is kept. */
  #reason: Outcome | undefined;
  #processLimitSeen = false;
  wasUnreachable = false;

  constructor(options: SuperviseOptions, ended: AbortSignal) {
    this.#options = options;
    this.#ended = ended;
  }

  async timeLimit(): Promise<void> {
    const { task, executor, containerId, record } = this.#options;
    const leftMs = Math.max(0, task.timeLimitMs - task.ranMs);
    if (!(await this.#sleep(leftMs))) return;
    this.#reason ??= {
      code: 'time_limit',
      detail: `ran longer than its limit of ${task.timeLimitMs / 1000} s`,
    };
    const graceMs = task.manifest.stopGrace * 1_000;
    const begin = performance.now();
    await this.#retryUntilEnded(() => executor.stop(containerId, { graceMs }));
    if (performance.now() - begin >= graceMs) {
      record.observations.push({
        code: 'killed_after_grace',
        detail: `did not end within ${graceMs / 1000} s of SIGTERM, and was killed`,
      });
    }
  }

  async stopOnRequest(): Promise<void> {
    const { control, executor, containerId } = this.#options;
    const signal = AbortSignal.any([control.cancelled, control.stopping, this.#ended]);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    if (this.#ended.aborted) return;
    this.#reason ??= control.cancelled.aborted
      ? { code: 'cancelled', detail: 'while it ran; the container was killed' }
      : { code: 'stopped', detail: 'Lazaret was stopped; the container was killed' };
    await this.#retryUntilEnded(() => executor.kill(containerId));
  }

  /**
   * Early samples are frequent, so that short runs have one; later ones are taken once a second.
   */
  async sampleAndGuard(): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      if (!(await this.#sleep(backoffMs(turn, { initialMs: 100, maxMs: jobLimits.sampleMs }))))
        return;
      await this.#sample().catch(() => undefined);
      await this.#guardDisk();
    }
  }

  async #sample(): Promise<void> {
    const { executor, containerId, record, task } = this.#options;
    const sample = await executor.sample(containerId, { signal: this.#ended });
    if (sample === undefined) return;
    const { telemetry } = record;
    telemetry.peakMemoryBytes = Math.max(telemetry.peakMemoryBytes ?? 0, sample.memoryPeakBytes);
    telemetry.cpuSeconds = Math.max(telemetry.cpuSeconds ?? 0, sample.cpuSeconds);
    if (this.#processLimitSeen || sample.pidsLimit === 0 || sample.pids < sample.pidsLimit) return;
    this.#processLimitSeen = true;
    record.observations.push({
      code: 'process_limit',
      detail: `reached its limit of ${task.manifest.resources.pids} processes`,
    });
  }

  async #guardDisk(): Promise<void> {
    const { executor, containerId, task, outputUsage, record } = this.#options;
    const usedBytes = outputUsage();
    const limitBytes = task.manifest.resources.disk;
    if (usedBytes === undefined || usedBytes <= limitBytes || this.#reason !== undefined) return;
    const detail = `wrote ${formatSize(usedBytes)}; its disk limit is ${formatSize(limitBytes)}`;
    this.#reason = { code: 'disk_limit', detail };
    record.observations.push({ code: 'disk_limit', detail });
    await this.#retryUntilEnded(() => executor.kill(containerId));
  }

  /** The outcome, or undefined when the result must be examined. */
  outcome(exit: ContainerExit): Outcome | undefined {
    const { task, record } = this.#options;
    const { memory, pids } = task.manifest.resources;
    if (exit.oomKilled) {
      const detail = `the kernel killed it at its memory limit of ${formatSize(memory)}`;
      record.observations.push({ code: 'memory_limit', detail });
      return this.#reason ?? { code: 'out_of_memory', detail };
    }
    if (this.#reason !== undefined) return this.#reason;
    if (this.wasUnreachable && exit.exitCode === 255) {
      return {
        code: 'lost',
        detail: 'the container engine was restarted while the container was running',
      };
    }
    if (task.manifest.successExitCodes.includes(exit.exitCode)) return undefined;
    if (this.#processLimitSeen) {
      return { code: 'process_limit', detail: `reached its limit of ${pids} processes` };
    }
    const error = exit.error === '' ? '' : `: ${exit.error}`;
    return {
      code: 'exit_code',
      detail: `exit code ${exit.exitCode}${signalName(exit.exitCode)}${error}`,
    };
  }

  /** Retries until it succeeds or the container has ended. */
  async #retryUntilEnded(act: () => Promise<void>): Promise<void> {
    for (let turn = 0; !this.#ended.aborted; turn += 1) {
      try {
        await act();
        return;
      } catch {
        await this.#sleep(backoffMs(turn, { initialMs: 200, maxMs: jobLimits.nodeProbeMs }));
      }
    }
  }

  /** False when the container ended, or this process detached, before the time elapsed. */
  async #sleep(ms: number): Promise<boolean> {
    const signal = AbortSignal.any([this.#ended, this.#options.control.detached]);
    try {
      await longPause(ms, signal);
      return true;
    } catch {
      return false;
    }
  }
}

/** Timers of Node are limited to 24.8 days; limits may be longer. */
async function longPause(ms: number, signal: AbortSignal): Promise<void> {
  const stepMs = 2 ** 30;
  for (let left = ms; left > stepMs; left -= stepMs) await pause(stepMs, undefined, { signal });
  await pause(ms % stepMs, undefined, { signal });
}

/**
 * Retries until there is an answer; an engine that is unavailable for longer than a lease loses the
 * attempt.
 */
async function waitForEnd(options: SuperviseOptions, watch: RunWatch): Promise<ContainerExit> {
  const { executor, containerId, control } = options;
  let awaySince: number | undefined;
  for (let turn = 0; ; turn += 1) {
    try {
      return await executor.wait(containerId, { signal: control.detached });
    } catch (error) {
      if (!(error instanceof ExecutorError) || control.detached.aborted) throw error;
      if (error.code === 'not_found') {
        throw new AttemptEnded({ code: 'lost', detail: 'the container disappeared from its node' });
      }
      if (!error.isUnreachable) throw error;
      watch.wasUnreachable = true;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > serverLimits.leaseMs) {
        throw new AttemptEnded({
          code: 'lost',
          detail: `the container engine did not answer for ${serverLimits.leaseMs / 1000} s: ${error.message}`,
        });
      }
      const delayMs = backoffMs(turn, { initialMs: 100, maxMs: dockerLimits.nodeProbeTimeoutMs });
      await pause(delayMs, undefined, { signal: control.detached });
    }
  }
}

/** Resumes an interrupted log stream, until the container has ended and all of it was read. */
async function followLog(options: SuperviseOptions, ended: AbortSignal): Promise<void> {
  const { executor, containerId, log, control } = options;
  const signal = AbortSignal.any([ended, control.detached]);
  let after: string | undefined;
  while (!signal.aborted && !log.truncated) {
    try {
      await executor.followLogs(containerId, {
        signal,
        ...(after === undefined ? {} : { after }),
        onChunk: (piece) => {
          after = piece.position;
          log.write(piece.stream, piece.bytes, new Date(piece.at));
          // Nothing after the limit is stored, so nothing more is requested.
          if (log.truncated) throw new LogFull();
        },
      });
      return;
    } catch (error) {
      if (error instanceof LogFull || signal.aborted) return;
      if (error instanceof ExecutorError && error.code === 'not_found') return;
      await pause(jobLimits.logFlushMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

class LogFull extends Error {}

const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  143: 'SIGTERM',
  153: 'SIGXFSZ: a file grew past the disk limit',
  159: 'SIGSYS: a system call that containment forbids',
};

function signalName(exitCode: number): string {
  const name = signals[exitCode];
  return name === undefined ? '' : ` (${name})`;
}
