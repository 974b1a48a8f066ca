/**
 * Collects the result of an engine, and determines the outcome. A missing or empty result is
 * not a success unless the manifest says so.
 */
import { limits, type Observation, type Outcome } from '@lazaret/protocol';
import { ociLimits } from '@lazaret/oci';

import type { BlobStore } from '../blobs/index.ts';
import { collectOutput, type CollectedOutput, type Executor } from '../executors/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { inputName, parametersFile, type AttemptTask } from './container-spec.ts';
import { jobLimits } from './limits.ts';
import type { CollectedArtifact } from './move.ts';

export interface CollectOptions {
  readonly task: AttemptTask;
  readonly containerId: string;
  readonly executor: Executor;
  readonly blobs: BlobStore;
  /** Observations of containment are added here. */
  readonly observations: Observation[];
  readonly signal: AbortSignal;
}

/** The end of a run: its outcome and its artifacts. */
export interface Conclusion {
  readonly outcome: Outcome;
  readonly artifacts: readonly CollectedArtifact[];
}

/**
 * Results are stored in the blob store first; their rows are written with the end of the attempt.
 */
export async function collectResult(options: CollectOptions): Promise<Conclusion> {
  const { task, executor, blobs } = options;
  const { output, resources } = task.manifest;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(serverLimits.collectMs)]);
  const entries = executor.collect(options.containerId, {
    path: output.mount,
    signal,
    limits: {
      entries: resources.outputEntries + ignoredPaths(task).length + 1,
      entryBytes: resources.output,
      // Refused entries, and those that no glob matches, do not count as results.
      totalBytes: resources.output + resources.disk + task.manifest.input.maxBytes,
      pathBytes: limits.pathBytes,
      paxBytes: ociLimits.tarHeaderBytesMax,
    },
  });
  const collected = await collectOutput(
    entries,
    {
      ...(output.result === undefined ? {} : { result: output.result }),
      artifacts: output.artifacts,
      optional: output.optional,
      ignore: ignoredPaths(task),
      maxEntries: resources.outputEntries,
      maxBytes: resources.output,
    },
    {
      put: (_path, content) => blobs.put(content, { maxBytes: resources.output }),
    },
  );
  observe(collected, options.observations);
  const failure = judge(collected, task) ?? (await checkType(collected, options));
  if (failure !== undefined) return { outcome: failure, artifacts: [] };
  return { outcome: { code: 'succeeded', detail: collected.detail }, artifacts: collected.files };
}

/** When inputs and results share a directory, the inputs are not results. */
function ignoredPaths(task: AttemptTask): string[] {
  const { manifest, inputs } = task;
  if (manifest.input.mount !== manifest.output.mount) return [];
  return [...inputs.map((input) => inputName(manifest, input)), parametersFile];
}

function observe(collected: CollectedOutput, observations: Observation[]): void {
  if (collected.refusedCount > 0) {
    const named = collected.refused.map(({ path, reason }) => `${path} (${reason})`);
    const more = collected.refusedCount - named.length;
    observations.push({
      code: 'output_refused',
      detail: `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    });
  }
  if (collected.outcome === 'output_limit') {
    observations.push({ code: 'output_truncated', detail: collected.detail });
  }
  if (collected.escapedCount > 0) {
    observations.push({
      code: 'output_names_escaped',
      detail: `${collected.escapedCount} names contained control characters, which were replaced`,
    });
  }
}

function judge(collected: CollectedOutput, task: AttemptTask): Outcome | undefined {
  const { outcome, detail } = collected;
  const { missing, empty } = task.manifest.output;
  if (outcome === 'complete') return undefined;
  if (outcome === 'no_result' && missing === 'succeed') return undefined;
  if (outcome === 'empty_result' && empty === 'succeed') return undefined;
  return { code: outcome, detail };
}

/** A result that is declared as JSON must be valid JSON. */
async function checkType(
  collected: CollectedOutput,
  options: CollectOptions,
): Promise<Outcome | undefined> {
  const { resultType } = options.task.manifest;
  const result = collected.files.find((file) => file.primary);
  if (resultType === 'opaque' || result === undefined) return undefined;
  if (result.sizeBytes > jobLimits.jsonResultBytes) {
    const detail = `a ${resultType} result may have ${jobLimits.jsonResultBytes} bytes, it has ${result.sizeBytes}`;
    return { code: 'invalid_result', detail };
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of await options.blobs.open(result.sha256))
    chunks.push(chunk as Uint8Array);
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
    return undefined;
  } catch (error) {
    const detail = `expected JSON in ${result.path}: ${(error as Error).message}`;
    return { code: 'invalid_result', detail };
  }
}
