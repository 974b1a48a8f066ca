/**
 * Runs one script in a new container of an image, in the profile of all containers, and returns
 * what it printed. The container is removed in any case; after a crash the sweep removes it.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { ScriptKind, ScriptOutcome, ScriptSettings } from '@lazaret/protocol';

import {
  ExecutorError,
  type ContainerSpec,
  type Executor,
  type InputFile,
} from '../executors/index.ts';
import { buildEnvironment, type ImageFacts } from './environment.ts';
import { scriptServerLimits } from './limits.ts';
import type { Toolbox } from './toolbox.ts';

export interface ScriptTask {
  readonly run: string;
  readonly kind: ScriptKind;
  readonly content: Buffer;
  readonly settings: ScriptSettings;
}

export interface ScriptPlace {
  readonly executor: Executor;
  readonly instance: string;
  /** The image in the engine. */
  readonly imageId: string;
  readonly image: ImageFacts;
  readonly toolbox: Toolbox;
  /** The volume with the content of the toolbox. */
  readonly volume: string;
  readonly signal: AbortSignal;
}

export interface ScriptResult {
  readonly outcome: Exclude<ScriptOutcome, 'invalid_output' | 'unsupported'>;
  readonly detail: string;
  readonly exitCode: number | null;
  readonly limitsReached: readonly string[];
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly stderrTruncated: boolean;
  readonly variablesDropped: readonly string[];
}

/** Throws ExecutorError when the engine is not available. */
export async function runScript(task: ScriptTask, place: ScriptPlace): Promise<ScriptResult> {
  const { executor, signal } = place;
  const { spec, files, dropped } = describeContainer(task, place);
  let containerId: string | undefined;
  try {
    const created = await executor.create(spec, { signal });
    containerId = created.containerId;
    const [mismatch] = created.mismatches;
    if (mismatch !== undefined) {
      const { field, wanted, got } = mismatch;
      return notRun(`the engine applied ${got} instead of ${wanted} (${field})`, dropped);
    }
    await executor.putInputs(containerId, { spec, files, signal });
    await executor.start(containerId, { signal });
    return { ...(await supervise(containerId, task, place)), variablesDropped: dropped };
  } catch (error) {
    const refused = error instanceof ExecutorError && !error.isUnreachable && !signal.aborted;
    if (!refused) throw error;
    return notRun(error.message, dropped);
  } finally {
    if (containerId !== undefined) await executor.remove(containerId).catch(() => undefined);
  }
}

function notRun(detail: string, variablesDropped: readonly string[]): ScriptResult {
  return {
    ...{ outcome: 'not_run', detail, exitCode: null, limitsReached: [], variablesDropped },
    ...{ stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), stderrTruncated: false },
  };
}

interface DescribedContainer {
  readonly spec: ContainerSpec;
  readonly files: readonly InputFile[];
  readonly dropped: readonly string[];
}

const scriptNames = {
  shell: 'script.sh',
  python: 'script.py',
  javascript: 'script.js',
  binary: 'script',
} as const satisfies Record<ScriptKind, string>;

/**
 * Everything of ours is below one directory whose name is random, so that no image can have it:
 * nothing of the image is covered, and no link of it leads the mounts elsewhere.
 */
function describeContainer(task: ScriptTask, place: ScriptPlace): DescribedContainer {
  const { kind, content, settings } = task;
  const { toolbox, instance } = place;
  const root = `/lazaret-${randomBytes(12).toString('hex')}`;
  const [tools, scratch, input] = [`${root}/tools`, `${root}/tmp`, `${root}/script`];
  const script = `${input}/${scriptNames[kind]}`;
  const environment = buildEnvironment(place.image, { tools, scratch, script });
  const [uid = 65_532, gid = uid] = settings.user.split(':').map(Number);
  const firstLine = content.subarray(0, 200).toString('latin1').split('\n')[0] ?? '';
  const spec: ContainerSpec = {
    image: place.imageId,
    command: [...toolbox.command(tools, firstLine), script],
    workdir: '/',
    environment: environment.variables,
    user: { uid, gid },
    inputMount: input,
    tmpMount: scratch,
    sharedVolumes: { [tools]: place.volume },
    // It would be mounted over a path of the image.
    init: false,
    resources: {
      memoryBytes: settings.memoryBytes,
      cpus: scriptServerLimits.cpus,
      pids: settings.processes,
      diskBytes: scriptServerLimits.diskBytes,
      tmpBytes: scriptServerLimits.tmpBytes,
      openFiles: scriptServerLimits.openFiles,
      logBytes: settings.outputBytes,
    },
    stopGraceMs: 0,
    network: 'none',
    seccomp: 'default',
    labels: { instance, scriptRun: task.run },
  };
  const files = [inputFile(scriptNames[kind], content)];
  // Node.js looks for one in all parents, up to the root of the image.
  if (kind === 'javascript') files.push(inputFile('package.json', Buffer.from('{}')));
  return { spec, files, dropped: environment.dropped };
}

function inputFile(name: string, bytes: Buffer): InputFile {
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return { name, sizeBytes: bytes.length, content: content(), executable: true };
}

/** Watches a started container until it ended. */
async function supervise(
  containerId: string,
  task: ScriptTask,
  { executor, signal }: ScriptPlace,
): Promise<Omit<ScriptResult, 'variablesDropped'>> {
  const { settings } = task;
  const ended = new AbortController();
  const limits = new Set<LimitName>();
  const kill = async (limit: LimitName): Promise<void> => {
    limits.add(limit);
    while (!ended.signal.aborted) {
      const killed = await executor.kill(containerId).then(
        () => true,
        () => false,
      );
      if (killed) return;
      await pause(scriptServerLimits.sampleMs);
    }
  };
  const streamed = new Output(settings.outputBytes);
  const until = AbortSignal.any([signal, ended.signal]);
  const logged = executor
    .followLogs(containerId, {
      signal: until,
      onChunk: async ({ stream, bytes }) => {
        if (streamed.add(stream, bytes) && !limits.has('output')) await kill('output');
      },
    })
    // The whole log is read at the end.
    .catch(() => undefined);
  const watched = sample(executor, containerId, {
    until,
    onProcesses: () => limits.add('processes'),
  });
  const timed = pause(settings.seconds * 1_000, undefined, { signal: until })
    .then(() => kill('time'))
    .catch(() => undefined);
  try {
    const { exitCode, error, oomKilled } = await executor.wait(containerId, { signal });
    if (oomKilled) limits.add('memory');
    const output = limits.has('output')
      ? streamed.read()
      : await readOutput(containerId, settings, { executor, signal });
    if (failedToFork.test(output.stderr.toString('latin1'))) limits.add('processes');
    const judged = judge({ exitCode, error, limits, settings });
    return { ...judged, exitCode, limitsReached: [...limits].toSorted(), ...output };
  } finally {
    ended.abort();
    await Promise.allSettled([logged, watched, timed]);
  }
}

/**
 * The log of a container that ended. A stream that began while it ran may end before its last
 * lines: engines stop following when the container ends.
 */
async function readOutput(
  containerId: string,
  { outputBytes }: ScriptSettings,
  { executor, signal }: Pick<ScriptPlace, 'executor' | 'signal'>,
): Promise<OutputBytes> {
  const output = new Output(outputBytes);
  const deadline = AbortSignal.timeout(scriptServerLimits.logDrainMs);
  await executor.followLogs(containerId, {
    signal: AbortSignal.any([signal, deadline]),
    onChunk: ({ stream, bytes }) => {
      output.add(stream, bytes);
    },
  });
  return output.read();
}

/** A fork that failed between two samples; engines do not report it. */
const failedToFork = /Resource temporarily unavailable|spawn \S+ EAGAIN/;

type LimitName = 'time' | 'output' | 'memory' | 'processes';

interface EndedRun {
  readonly exitCode: number;
  /** Of the engine; usually empty. */
  readonly error: string;
  readonly limits: ReadonlySet<LimitName>;
  readonly settings: ScriptSettings;
}

/** A reached limit is never a success, whatever the exit code. */
function judge({
  exitCode,
  error,
  limits,
  settings,
}: EndedRun): Pick<ScriptResult, 'outcome' | 'detail'> {
  if (limits.has('output')) {
    const detail = `printed more than its limit of ${settings.outputBytes} bytes`;
    return { outcome: 'output_limit', detail };
  }
  if (limits.has('time')) {
    return { outcome: 'time_limit', detail: `ran longer than its limit of ${settings.seconds} s` };
  }
  if (limits.has('memory')) {
    const detail = `reached its limit of ${settings.memoryBytes} bytes of memory`;
    return { outcome: 'memory_limit', detail };
  }
  if (limits.has('processes')) {
    const detail = `reached its limit of ${settings.processes} processes`;
    return { outcome: 'process_limit', detail };
  }
  if (exitCode === 0) return { outcome: 'succeeded', detail: '' };
  const reason = error === '' ? '' : `: ${error}`;
  return { outcome: 'exit_code', detail: `exit code ${exitCode}${reason}` };
}

async function sample(
  executor: Executor,
  containerId: string,
  how: { readonly until: AbortSignal; readonly onProcesses: () => void },
): Promise<void> {
  while (!how.until.aborted) {
    await pause(scriptServerLimits.sampleMs, undefined, { signal: how.until }).catch(
      () => undefined,
    );
    if (how.until.aborted) return;
    const found = await executor.sample(containerId, { signal: how.until }).catch(() => undefined);
    if (found !== undefined && found.pidsLimit > 0 && found.pids >= found.pidsLimit) {
      how.onProcesses();
    }
  }
}

type OutputBytes = Pick<ScriptResult, 'stdout' | 'stderr' | 'stderrTruncated'>;

/** Both streams up to their limits. */
class Output {
  readonly #limits: { readonly stdout: number; readonly stderr: number };
  readonly #pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  readonly #bytes = { stdout: 0, stderr: 0 };
  #stderrTruncated = false;

  constructor(outputBytes: number) {
    const stderr = Math.ceil(outputBytes / scriptServerLimits.stderrShare);
    this.#limits = { stdout: outputBytes, stderr };
  }

  /** Whether the run must end: standard output is over its limit, or it floods standard error. */
  add(stream: 'stdout' | 'stderr', bytes: Uint8Array): boolean {
    const before = this.#bytes[stream];
    this.#bytes[stream] += bytes.length;
    const room = Math.max(0, this.#limits[stream] - before);
    if (room > 0) this.#pieces[stream].push(Buffer.from(bytes.subarray(0, room)));
    if (stream === 'stderr' && bytes.length > room) this.#stderrTruncated = true;
    return this.#bytes[stream] > this.#limits.stdout;
  }

  read(): OutputBytes {
    return {
      stdout: Buffer.concat(this.#pieces.stdout),
      stderr: Buffer.concat(this.#pieces.stderr),
      stderrTruncated: this.#stderrTruncated,
    };
  }
}
