/**
 * The runner of scripts: one process of the instance at a time, which holds a lock. It reads the
 * directory of scripts, plans runs, and works on one image at a time. All state is in the database,
 * and what it leaves on the engine has labels, by which the next runner removes it.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { Problem, type ScriptsSection } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import { labelNames, ExecutorError, type Executor, type NodeFacts } from '../executors/index.ts';
import { withAdvisoryLock, type DatabaseHandle } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { Loop } from '../floor/loop.ts';
import { latestImage, type ImageOpenerParts } from '../inspection/index.ts';
import { scriptServerLimits } from './limits.ts';
import { planBacklog, planInspected, promptPriority } from './plan-runs.ts';
import { runImage } from './run-image.ts';
import { claimImage, requeueRunning, type ClaimedImage } from './run-queue.ts';
import { isPaused, reportRunner } from './runner-state.ts';
import { Toolboxes } from './toolboxes.ts';
import { ScriptFiles } from './watch-files.ts';

export interface RunnerOptions {
  readonly database: Kysely<Database>;
  readonly locks: Pick<DatabaseHandle, 'pool'>;
  readonly log: Logger;
  readonly settings: ScriptsSection;
  /** Watched; it exists. */
  readonly directory: string;
  /** By the name of the node, in the order of the configuration. */
  readonly executors: ReadonlyMap<string, Executor>;
  readonly instance: string;
  readonly opener: ImageOpenerParts;
  /** The program of this process, of which scripts in JavaScript get a copy. */
  readonly node: string;
  /** Milliseconds, monotonic. */
  readonly monotonicMs: () => number;
  /** Called with a run, or `scripts`, after the commit. */
  readonly onChange: (id: string) => void;
}

export interface ScriptRunner {
  readonly loops: readonly Loop[];
  wake(): void;
  /** The run that is under way goes back to the queue. */
  stop(): Promise<void>;
}

/** Waits for the lock, and runs scripts while it is held. */
export function startRunner(options: RunnerOptions): ScriptRunner {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { log, locks } = options;
  const serving = new Set<Loop>();
  const serve = async (): Promise<void> => {
    while (!signal.aborted) {
      await withAdvisoryLock(locks, 'scripts', (lost) => hold(AbortSignal.any([lost, signal])), {
        waitMs: scriptServerLimits.lockMs,
      }).catch((error: unknown) => {
        const isHeld = error instanceof Problem && error.code === 'unavailable';
        if (!isHeld) log.error({ err: error }, 'this process does not run scripts');
      });
      await pause(scriptServerLimits.lockMs, undefined, { signal }).catch(() => undefined);
    }
  };
  async function hold(until: AbortSignal): Promise<void> {
    const periodMs = scriptServerLimits.pollMs;
    const loop = new Loop({ name: 'scripts', periodMs, log, signal: until });
    const turns = new RunnerTurns(options, { signal: until, wake: () => loop.wake() });
    serving.add(loop);
    await loop.run(() => turns.turn());
    serving.delete(loop);
    await turns.running;
  }
  const done = serve();
  return {
    get loops() {
      return [...serving];
    },
    wake: () => {
      for (const loop of serving) loop.wake();
    },
    async stop() {
      stopped.abort(new Error('the runner of scripts stops'));
      await done;
    },
  };
}

interface Engine {
  readonly node: string;
  readonly executor: Executor;
  readonly facts: NodeFacts;
}

interface TurnControl {
  readonly signal: AbortSignal;
  readonly wake: () => void;
}

class RunnerTurns {
  readonly #options: RunnerOptions;
  readonly #control: TurnControl;
  readonly #toolboxes: Toolboxes;
  readonly #files: ScriptFiles;
  #hasRecovered = false;
  #latestImage = -1;
  #plannedAtMs = Number.NEGATIVE_INFINITY;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  #filesReadAtMs = Number.NEGATIVE_INFINITY;
  /** When the next run of the background may begin. */
  #backlogAtMs = Number.NEGATIVE_INFINITY;

  /** The image whose scripts run; it is not waited for, since it may take long. */
  running: Promise<void> | undefined;

  constructor(options: RunnerOptions, control: TurnControl) {
    const { settings, instance, node, database, log, directory, onChange } = options;
    const { busybox, python, defaults } = settings;
    this.#options = options;
    this.#control = control;
    this.#toolboxes = new Toolboxes({ busybox, python, node }, instance);
    this.#files = new ScriptFiles({
      ...{ database, log, directory, defaults },
      onChange: () => onChange('scripts'),
    });
  }

  async turn(): Promise<void> {
    const { database } = this.#options;
    if (!this.#hasRecovered) await requeueRunning(database);
    this.#hasRecovered = true;
    await this.#readFiles();
    await this.#plan();
    const engine = await this.#findEngine();
    if (engine === undefined || this.running !== undefined) return;
    await this.#sweep(engine);
    await this.#runNext(engine);
  }

  async #readFiles(): Promise<void> {
    const { monotonicMs } = this.#options;
    if (monotonicMs() - this.#filesReadAtMs < scriptServerLimits.directoryMs) return;
    this.#filesReadAtMs = monotonicMs();
    await this.#files.read();
  }

  async #plan(): Promise<void> {
    const { database, monotonicMs } = this.#options;
    const latest = await latestImage(database);
    // An image with a smaller id may be committed later: all recent ones are checked periodically.
    const isDue = monotonicMs() - this.#plannedAtMs >= scriptServerLimits.sweepMs;
    if (latest !== this.#latestImage || isDue) {
      await planInspected(database);
      this.#plannedAtMs = monotonicMs();
    }
    this.#latestImage = latest;
    await planBacklog(database);
  }

  /** The first engine that answers; what waits says why if none does. */
  async #findEngine(): Promise<Engine | undefined> {
    const { database, executors, settings, log } = this.#options;
    const problems: string[] = [];
    for (const [node, executor] of executors) {
      if (settings.node !== '' && settings.node !== node) continue;
      try {
        const facts = await executor.probe({ signal: this.#control.signal });
        const kinds = await this.#toolboxes.problems();
        await reportRunner(database, { node, problem: null, kinds });
        return { node, executor, facts };
      } catch (error) {
        if (!(error instanceof ExecutorError)) throw error;
        problems.push(`${node}: ${error.message}`);
      }
    }
    this.#toolboxes.forget();
    const where = settings.node === '' ? '' : ` on the node ${settings.node}`;
    const problem = `no container engine${where}${problems.map((one) => `; ${one}`).join('')}`;
    log.debug({ problem }, 'scripts wait');
    const kinds = await this.#toolboxes.problems();
    await reportRunner(database, { node: null, problem, kinds });
    return undefined;
  }

  /** Containers, images and volumes of runs that are over, also of a runner that was killed. */
  async #sweep({ executor }: Engine): Promise<void> {
    const { monotonicMs, instance, log } = this.#options;
    if (monotonicMs() - this.#sweptAtMs < scriptServerLimits.sweepMs) return;
    const own = { [labelNames.instance]: instance };
    const containers = (await executor.list(own)).filter(
      ({ labels }) =>
        labels[labelNames.scriptRun] !== undefined || labels[labelNames.role] === 'tools',
    );
    for (const { containerId } of containers) await executor.remove(containerId);
    const images = await executor.listLoaded({ ...own, [labelNames.role]: 'inspected' });
    for (const { imageId } of images) await executor.unloadImage(imageId);
    await this.#toolboxes.sweep(executor);
    this.#sweptAtMs = monotonicMs();
    const count = containers.length + images.length;
    if (count > 0)
      log.warn(
        { containers: containers.length, images: images.length },
        'removed leftovers of scripts',
      );
  }

  async #runNext(engine: Engine): Promise<void> {
    const { database, settings, monotonicMs } = this.#options;
    const { signal, wake } = this.#control;
    if (signal.aborted || (await isPaused(database))) return;
    const claimed = await claimImage(database, { backlog: monotonicMs() >= this.#backlogAtMs });
    if (claimed === undefined) return;
    const slowed = claimed.runs.filter(({ priority }) => priority < promptPriority).length;
    const intervalMs = (slowed * 60_000) / settings.perMinute;
    if (slowed > 0) this.#backlogAtMs = monotonicMs() + intervalMs;
    this.running = this.#run(engine, claimed).finally(() => {
      this.running = undefined;
      wake();
    });
  }

  /** A failure that is not the image's leaves the runs in the queue. */
  async #run({ executor, facts, node }: Engine, claimed: ClaimedImage): Promise<void> {
    const { database, log, instance, opener, settings, onChange } = this.#options;
    const { signal } = this.#control;
    const parts = {
      ...{ database, log, executor, facts, instance, opener, onChange, signal },
      ...{ toolboxes: this.#toolboxes, imageBytes: settings.imageBytes },
      isPaused: () => isPaused(database),
    };
    try {
      await runImage(parts, claimed);
    } catch (error) {
      if (signal.aborted) return;
      this.#toolboxes.forget();
      log.warn({ err: error, node, digest: claimed.digest }, 'scripts of an image could not run');
    }
  }
}
