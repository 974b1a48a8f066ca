/**
 * Runs the claimed scripts of one image: reads the image from its source, loads its layers into the
 * container engine, runs each script in a new container, and removes the image again.
 */
import { randomBytes } from 'node:crypto';

import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import { labelNames, ExecutorError, type Executor, type NodeFacts } from '../executors/index.ts';
import type { Database } from '../floor/db/schema.ts';
import {
  findImageBytes,
  ImageUnavailableError,
  listInventory,
  withImage,
  type ImageBytes,
  type ImageOpenerParts,
} from '../inspection/index.ts';
import { comparePackages, readListing, type Disagreement } from './compare-packages.ts';
import { scriptServerLimits } from './limits.ts';
import { parseOutput } from './parse-output.ts';
import {
  finishRun,
  requeueRunning,
  retryLater,
  type ClaimedImage,
  type ClaimedRun,
  type FinishedRun,
} from './run-queue.ts';
import { runScript, type ScriptResult } from './run-script.ts';
import { readContent } from './store.ts';
import type { Toolboxes } from './toolboxes.ts';

export interface RunImageParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly executor: Executor;
  readonly facts: NodeFacts;
  readonly instance: string;
  readonly opener: ImageOpenerParts;
  readonly imageBytes: number;
  readonly toolboxes: Toolboxes;
  readonly signal: AbortSignal;
  /** Whether to leave the rest of the runs in the queue. */
  readonly isPaused: () => Promise<boolean>;
  /** Called with a run that ended, after the commit. */
  readonly onChange: (run: string) => void;
}

/** Throws ExecutorError when the engine is not available; the runs are queued again. */
export async function runImage(parts: RunImageParts, claimed: ClaimedImage): Promise<void> {
  const { database, signal } = parts;
  try {
    await runClaimed(parts, claimed);
  } catch (error) {
    const ids = claimed.runs.map(({ id }) => id);
    if (!signal.aborted && !isEngineAway(error)) {
      const reason = error instanceof Error ? error.message : String(error);
      await giveUpOrRetry(parts, claimed, { reason, isTransient: true });
    }
    await requeueRunning(database, ids);
    throw error;
  }
}

function isEngineAway(error: unknown): boolean {
  return error instanceof ExecutorError && error.isUnreachable;
}

async function runClaimed(parts: RunImageParts, claimed: ClaimedImage): Promise<void> {
  const { database, facts, opener, imageBytes, signal } = parts;
  const bytes = await findImageBytes(database, claimed);
  const refusal = bytes === undefined ? 'the image was removed' : refusalOf(bytes, facts);
  if (bytes === undefined || refusal !== undefined) {
    return finishAll(parts, claimed, { outcome: 'unsupported', detail: refusal ?? '' });
  }
  const { project, digest } = claimed;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(scriptServerLimits.imageLoadMs)]);
  let imageId: string | undefined;
  try {
    imageId = await withImage(
      opener,
      { project, digest, bytes, maxBytes: imageBytes, signal: limit },
      async ({ layers }) => (await loadImage(parts, claimed, layers)).imageId,
    );
  } catch (error) {
    if (!(error instanceof ImageUnavailableError)) throw error;
    const reason = `the image cannot be read: ${error.message}`;
    return giveUpOrRetry(parts, claimed, { reason, isTransient: error.isTransient });
  }
  try {
    await runAll(parts, claimed, { imageId, bytes });
  } finally {
    await parts.executor.unloadImage(imageId).catch(() => undefined);
  }
}

type LoadableLayers = Parameters<Executor['loadImage']>[0]['layers'];

function loadImage(
  { executor, instance, signal, facts }: RunImageParts,
  { platform }: ClaimedImage,
  layers: LoadableLayers,
) {
  const [os = 'linux', architecture = architectureOf(facts)] = platform?.split('/') ?? [];
  return executor.loadImage(
    {
      tag: `lazaret-inspected:${randomBytes(8).toString('hex')}`,
      ...{ os, architecture, layers },
      labels: { [labelNames.instance]: instance, [labelNames.role]: 'inspected' },
    },
    { signal },
  );
}

/** As images name it. */
function architectureOf({ architecture }: NodeFacts): string {
  return { x86_64: 'amd64', aarch64: 'arm64' }[architecture] ?? architecture;
}

/** Programs for these architectures run on the one of the engine too. */
const compatible: Readonly<Record<string, readonly string[]>> = { amd64: ['amd64', '386'] };

function refusalOf({ artifactType, platform }: ImageBytes, facts: NodeFacts): string | undefined {
  if (artifactType !== undefined) return `it is an artifact of type ${artifactType}, not an image`;
  if (platform === null) return undefined;
  const [os, architecture = ''] = platform.split('/');
  const own = architectureOf(facts);
  const runs = compatible[own] ?? [own];
  if (os === 'linux' && runs.includes(architecture)) return undefined;
  return `images for ${platform} do not run on the container engine, which is for linux/${own}`;
}

async function giveUpOrRetry(
  parts: RunImageParts,
  claimed: ClaimedImage,
  failure: { readonly reason: string; readonly isTransient: boolean },
): Promise<void> {
  const { reason, isTransient } = failure;
  const isLast = ({ attempts }: ClaimedRun): boolean =>
    !isTransient || attempts >= scriptServerLimits.attempts;
  const [ended, rest] = [claimed.runs.filter(isLast), claimed.runs.filter((run) => !isLast(run))];
  if (rest.length > 0) await retryLater(parts.database, rest, reason);
  await finishAll(parts, { ...claimed, runs: ended }, { outcome: 'not_run', detail: reason });
}

async function finishAll(
  { database, onChange }: RunImageParts,
  claimed: ClaimedImage,
  end: Pick<FinishedRun, 'outcome' | 'detail'>,
): Promise<void> {
  for (const run of claimed.runs) {
    await finishRun(database, { image: claimed, run }, { ...nothingRan, ...end });
    onChange(run.id);
  }
}

const nothingRan = {
  ...{ exitCode: null, limitsReached: [], stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) },
  ...{ stderrTruncated: false, variablesDropped: [], output: null, disagreements: [] },
} as const satisfies Omit<FinishedRun, 'outcome' | 'detail'>;

interface LoadedImage {
  readonly imageId: string;
  readonly bytes: ImageBytes;
}

async function runAll(
  parts: RunImageParts,
  claimed: ClaimedImage,
  loaded: LoadedImage,
): Promise<void> {
  const { database, signal, isPaused, onChange } = parts;
  for (const [at, run] of claimed.runs.entries()) {
    signal.throwIfAborted();
    if (await isPaused()) {
      await requeueRunning(
        database,
        claimed.runs.slice(at).map(({ id }) => id),
      );
      return;
    }
    const finished = await runOne(parts, { claimed, run, loaded });
    await finishRun(database, { image: claimed, run }, finished);
    onChange(run.id);
  }
}

async function runOne(
  parts: RunImageParts,
  about: { readonly claimed: ClaimedImage; readonly run: ClaimedRun; readonly loaded: LoadedImage },
): Promise<FinishedRun> {
  const { database, executor, instance, toolboxes, signal } = parts;
  const { claimed, run, loaded } = about;
  const { bytes, imageId } = loaded;
  const tools = await toolboxes.prepare(run.kind, { executor, imageId });
  if ('problem' in tools) return { ...nothingRan, outcome: 'unsupported', detail: tools.problem };
  const result = await runScript(
    {
      ...{ run: run.id, kind: run.kind, settings: run.settings },
      content: await readContent(database, run.script),
    },
    {
      ...{ executor, instance, imageId, signal, toolbox: tools.toolbox, volume: tools.volume },
      image: {
        ...{ name: bytes.names[0] ?? '', digest: claimed.digest, env: bytes.env },
        ...{ platform: claimed.platform ?? '', workingDirectory: bytes.workingDirectory },
      },
    },
  );
  // The volume may have been removed from the engine.
  if (result.outcome === 'not_run') toolboxes.forget();
  return judge(result, run, async (output) => findDisagreements(database, bytes.id, output));
}

/** The output counts only if the script ended by itself. */
async function judge(
  result: ScriptResult,
  { settings }: ClaimedRun,
  compare: (output: unknown) => Promise<Disagreement[]>,
): Promise<FinishedRun> {
  const hasEnded = result.outcome === 'succeeded' || result.outcome === 'exit_code';
  if (!hasEnded) return { ...result, output: null, disagreements: [] };
  const { value = null, problem } = parseOutput(settings.format, result.stdout);
  if (problem === undefined) {
    const disagreements = result.outcome === 'succeeded' ? await compare(value) : [];
    return { ...result, output: value, disagreements };
  }
  if (result.outcome === 'exit_code') return { ...result, output: null, disagreements: [] };
  const invalid = { outcome: 'invalid_output', detail: problem } as const;
  return { ...result, ...invalid, output: null, disagreements: [] };
}

async function findDisagreements(
  database: Kysely<Database>,
  image: number,
  output: unknown,
): Promise<Disagreement[]> {
  const listing = readListing(output);
  if (listing === undefined || listing.complete.length === 0) return [];
  return comparePackages(listing, await listInventory(database, image, listing.complete));
}
