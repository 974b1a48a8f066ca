/**
 * One attempt from its placement to its end.
 *
 *   image → create (profile applied, read back) → inputs in → start → [log, samples, guards] → exit
 *         → collect → finish (one transaction) → remove
 *
 * States are written concurrently with the work: the containers of the engine, found by their
 * labels, is more recent than the last written state. A crash between any two steps is
 * therefore settled by looking for the container (recover.ts): none or one that never started
 * means that nothing ran; a running or ended one is gone on with.
 *
 * `detached` means that this process must stop touching the attempt (it shuts down, or its fence
 * is gone): the container and the rows stay for the next worker.
 */
import type { Readable } from 'node:stream';

import { limits, Problem, type Outcome, type Telemetry } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { ExecutorError, type Executor, type InputFile } from '../executors/index.ts';
import { clearLog, createLogWriter, type LogWriter } from './attempt-log.ts';
import { collectResult, type Conclusion } from './collect-result.ts';
import {
  containerSpec,
  inputName,
  parametersFile,
  passes,
  type AttemptTask,
} from './container-spec.ts';
import { finishAttempt, moveAttempt } from './move.ts';
import { AttemptEnded, type AttemptRecord, type RunControl } from './run-control.ts';
import { superviseRun, type RunEnd } from './supervise-run.ts';

export interface RunContext {
  readonly database: Kysely<Database>;
  readonly executor: Executor;
  readonly blobs: BlobStore;
  readonly log: Logger;
  /** Label that identifies the containers of this installation. */
  readonly instance: string;
  /** Bytes that a live attempt has written to its output mount; undefined when unknown. */
  readonly outputUsage: (attempt: string) => number | undefined;
  /** Called after rows or events were written. */
  readonly onChange: (job: string) => void;
}

/** The container of an attempt that an earlier process started. */
export interface Adopted {
  readonly containerId: string;
}

/** The attempt belongs to another worker now. */
class LeaseLost extends Error {}

export async function runAttempt(
  task: AttemptTask,
  context: RunContext,
  options: { readonly control: RunControl; readonly adopted?: Adopted },
): Promise<void> {
  const { control, adopted } = options;
  const record: AttemptRecord = { telemetry: { waitMs: task.waitMs }, observations: [] };
  const log = createLogWriter({
    database: context.database,
    attempt: task.attempt,
    maxBytes: task.manifest.resources.log,
    onError: (error) => context.log.error({ err: error, job: task.job }, 'the log was not stored'),
    onStored: () => context.onChange(task.job),
  });
  const run = new AttemptRun(task, context, { control, record, log });
  try {
    if (adopted !== undefined) await run.adopt(adopted);
    else await run.prepare();
    const end = await run.supervise();
    await run.finish(await run.conclude(end));
  } catch (error) {
    if (control.detached.aborted || error instanceof LeaseLost) {
      context.log.info({ job: task.job, attempt: task.attempt }, 'attempt handed over');
      return;
    }
    await run.finish({ outcome: outcomeOf(error, context.log), artifacts: [] });
  }
}

class AttemptRun {
  readonly #task: AttemptTask;
  readonly #context: RunContext;
  readonly #control: RunControl;
  readonly #record: AttemptRecord;
  readonly #log: LogWriter;
  #containerId: string | undefined;
  /** Writes states in order, concurrently with the work. */
  #moves: Promise<void> = Promise.resolve();

  constructor(
    task: AttemptTask,
    context: RunContext,
    parts: { control: RunControl; record: AttemptRecord; log: LogWriter },
  ) {
    this.#task = task;
    this.#context = context;
    this.#control = parts.control;
    this.#record = parts.record;
    this.#log = parts.log;
  }

  /** Image, container, inputs, start. */
  async prepare(): Promise<void> {
    const { executor } = this.#context;
    const { telemetry } = this.#record;
    this.#checkStop();
    const image = await timed(telemetry, 'pullMs', () =>
      executor.ensureImage(this.#task.image, { signal: this.#control.cancelled }),
    );
    this.#checkStop();
    const spec = containerSpec(this.#task, {
      image: image.reference,
      instance: this.#context.instance,
    });
    this.#move({ to: 'starting' });
    const created = await timed(telemetry, 'createMs', () => executor.create(spec));
    this.#containerId = created.containerId;
    this.#containment = { ...created.applied };
    if (created.mismatches.length > 0) {
      const fields = created.mismatches.map(
        ({ field, wanted, got }) =>
          `${field}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`,
      );
      throw new AttemptEnded({ code: 'containment_mismatch', detail: fields.join('; ') });
    }
    this.#checkStop();
    await timed(telemetry, 'inputMs', async () => {
      await executor.putInputs(created.containerId, { spec, files: await this.#inputFiles() });
    });
    this.#checkStop();
    await timed(telemetry, 'startMs', () => this.#start(created.containerId));
    this.#move({ to: 'running' });
  }

  #containment: Record<string, unknown> | undefined;

  /** A refusal by the engine concerns this container; any other error concerns the node. */
  async #start(containerId: string): Promise<void> {
    try {
      await this.#context.executor.start(containerId);
    } catch (error) {
      if (!(error instanceof ExecutorError) || !isRefusal(error)) throw error;
      throw new AttemptEnded({ code: 'start_failed', detail: error.message });
    }
  }

  /** Resumes a container that an earlier process started; its log is read from the start. */
  async adopt(adopted: Adopted): Promise<void> {
    this.#containerId = adopted.containerId;
    this.#record.observations.push({
      code: 'adopted_after_restart',
      detail: 'the worker ended while the container was running; the next one resumed it',
    });
    await clearLog(this.#context.database, this.#task.attempt);
    if (this.#task.state === 'placed') this.#move({ to: 'starting' });
    if (this.#task.state === 'placed' || this.#task.state === 'starting')
      this.#move({ to: 'running' });
  }

  async supervise(): Promise<RunEnd> {
    const { telemetry } = this.#record;
    return timed(telemetry, 'runMs', () =>
      superviseRun({
        task: this.#task,
        containerId: this.#container(),
        executor: this.#context.executor,
        control: this.#control,
        record: this.#record,
        log: this.#log,
        outputUsage: () => this.#context.outputUsage(this.#task.attempt),
      }),
    );
  }

  /** Determines the outcome of the container, and collects its output. */
  async conclude(end: RunEnd): Promise<Conclusion> {
    const { telemetry } = this.#record;
    telemetry.exitCode = end.exitCode;
    telemetry.outOfMemory = end.oomKilled;
    this.#move({ to: 'collecting' });
    if (end.outcome !== undefined) return { outcome: end.outcome, artifacts: [] };
    return timed(telemetry, 'collectMs', () =>
      collectResult({
        task: this.#task,
        containerId: this.#container(),
        executor: this.#context.executor,
        blobs: this.#context.blobs,
        observations: this.#record.observations,
        signal: AbortSignal.any([this.#control.cancelled, this.#control.detached]),
      }),
    );
  }

  /** Writes the end, then removes the container; the end of a late worker is refused. */
  async finish(conclusion: Conclusion): Promise<void> {
    const { database, log } = this.#context;
    await this.#log.end();
    await this.#moves.catch(() => undefined);
    if (this.#log.truncated) {
      this.#record.observations.push({
        code: 'log_truncated',
        detail: `the log reached its limit of ${this.#task.manifest.resources.log} bytes`,
      });
    }
    const after = await finishAttempt(database, {
      attempt: this.#task.attempt,
      fence: this.#task.fence,
      outcome: conclusion.outcome,
      observations: this.#record.observations,
      telemetry: this.#record.telemetry,
      artifacts: conclusion.artifacts,
      logBytes: this.#log.bytes,
      logTruncated: this.#log.truncated,
      cause: 'worker',
    });
    if (after === undefined) {
      log.warn({ job: this.#task.job, attempt: this.#task.attempt }, 'a late result was refused');
      return;
    }
    this.#context.onChange(this.#task.job);
    log.info(
      {
        job: this.#task.job,
        attempt: this.#task.number,
        engine: this.#task.engine,
        outcome: conclusion.outcome.code,
        next: after.next,
      },
      'attempt ended',
    );
    if (this.#containerId !== undefined) await this.#remove(this.#containerId);
  }

  /** A container that cannot be removed now is found by its label and removed later. */
  async #remove(containerId: string): Promise<void> {
    try {
      await this.#context.executor.remove(containerId);
    } catch (error) {
      this.#context.log.warn(
        { err: error, container: containerId },
        'container removal failed; will be reaped',
      );
    }
  }

  #container(): string {
    if (this.#containerId === undefined) throw new Error('the attempt has no container yet');
    return this.#containerId;
  }

  #move(move: { readonly to: 'starting' | 'running' | 'collecting' }): void {
    const containerId = this.#containerId;
    const containment = this.#containment;
    const telemetry = { ...this.#record.telemetry };
    this.#moves = this.#moves.then(async () => {
      const moved = await moveAttempt(this.#context.database, {
        attempt: this.#task.attempt,
        fence: this.#task.fence,
        to: move.to,
        telemetry,
        ...(containerId === undefined ? {} : { containerId }),
        ...(containment === undefined ? {} : { containment }),
      });
      if (!moved)
        throw new LeaseLost(`the attempt ${this.#task.attempt} belongs to another worker`);
      this.#context.onChange(this.#task.job);
    });
    // The end awaits the chain; until then its failure must not be reported as unhandled.
    this.#moves.catch(() => undefined);
  }

  #checkStop(): void {
    if (this.#control.detached.aborted) throw new LeaseLost('detached');
    if (this.#control.cancelled.aborted) {
      throw new AttemptEnded({ code: 'cancelled', detail: 'cancelled before it started' });
    }
    if (this.#control.stopping.aborted) {
      throw new AttemptEnded({ code: 'stopped', detail: 'Lazaret was stopped before it started' });
    }
  }

  async #inputFiles(): Promise<InputFile[]> {
    const { manifest, inputs, parameters } = this.#task;
    const files = inputs.map((input): InputFile => {
      const content = lazily(() => this.#context.blobs.open(input.sha256));
      return { name: inputName(manifest, input), sizeBytes: input.sizeBytes, content };
    });
    if (!passes(manifest, 'json')) return files;
    const bytes = new TextEncoder().encode(JSON.stringify(parameters));
    return [
      ...files,
      { name: parametersFile, sizeBytes: bytes.length, content: lazily(() => [bytes]) },
    ];
  }
}

/** Opens a stream only when it is read, so that only one of many inputs is open at a time. */
async function* lazily(
  open: () => Promise<Readable> | Readable | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* (await open()) as AsyncIterable<Uint8Array>;
}

/** Records the duration of the work, also when it failed. */
async function timed<T>(
  telemetry: Partial<Telemetry>,
  phase: Exclude<keyof Telemetry, 'outOfMemory'>,
  work: () => Promise<T>,
): Promise<T> {
  const begin = performance.now();
  try {
    return await work();
  } finally {
    telemetry[phase] = Math.round((performance.now() - begin) * 10) / 10;
  }
}

/** The outcome for a failure of the platform. */
/** Whether the engine refused the request. */
function isRefusal({ code }: ExecutorError): boolean {
  return code === 'refused' || code === 'not_found' || code === 'conflict';
}

function outcomeOf(error: unknown, log: Logger): Outcome {
  if (error instanceof AttemptEnded) return error.outcome;
  if (error instanceof ExecutorError) {
    const code = error.code === 'image_missing' ? 'image_missing' : 'node_error';
    return { code, detail: error.message };
  }
  if (error instanceof Problem && (error.code === 'not_found' || error.code === 'blob_damaged')) {
    return { code: 'input_missing', detail: error.message };
  }
  log.error({ err: error }, 'an attempt failed for an unexpected reason');
  const detail = error instanceof Error ? error.message : String(error);
  return { code: 'node_error', detail: detail.slice(0, limits.problemDetailChars) };
}
