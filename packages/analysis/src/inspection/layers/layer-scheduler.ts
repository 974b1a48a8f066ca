/**
 * Schedules the examination of layers: each distinct layer once, however many images contain it,
 * from the cache where possible, the largest first to balance the threads.
 */
import type { Gap } from '@lazaret/protocol';

import type { AnalysisCache } from '../../cache/open-cache.ts';
import type { Reader } from '../../inventory/reader.ts';
import type { SourceLayer } from '@lazaret/oci';
import { analysisLimits } from '../../limits.ts';
import { inspectionLimits } from '../walk/limits.ts';
import { examineCached } from './examine-cached.ts';
import type { ExaminePlan } from '../walk/examine-tree.ts';
import type { InspectProgress } from './progress.ts';
import type { LayerAnswer, LayerRunner, LayerTask, StoredBytes } from './layer-task.ts';
import { packRows } from '../walk/packed-rows.ts';
import { planOf } from './run-layer-task.ts';
import type { TaskParts } from './run-layer-task.ts';
import { storedDigest } from './stored-digest.ts';
import type { LayerRecord } from '../walk/tree-record.ts';

export interface LayerSchedulerOptions {
  readonly runner: LayerRunner;
  readonly cache: AnalysisCache | undefined;
  readonly readers: readonly Reader[];
  readonly scanners: LayerTask['scanners'];
  readonly settings: Pick<LayerTask, 'digests' | 'similarity' | 'unpack' | 'timeMs'>;
  /** For trees that are walked in the current thread. */
  readonly inline: Pick<TaskParts, 'scanners' | 'verdicts' | 'now'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: InspectProgress) => void) | undefined;
}

export interface LayerOutcome {
  /** Absent when the layer could not be read. */
  readonly record?: LayerRecord;
  readonly cached: boolean;
  /** Why there is no record. */
  readonly gap?: Gap;
}

export class LayerScheduler {
  readonly #options: LayerSchedulerOptions;
  readonly #known = new Map<string, Promise<LayerOutcome>>();
  #count = 0;
  #files = 0;

  constructor(options: LayerSchedulerOptions) {
    this.#options = options;
  }

  /** The plan for a tree that is not a layer: all readers, all scanners. */
  treePlan(onProgress: (files: number) => void): ExaminePlan {
    const { readers, scanners, settings, inline } = this.#options;
    const ids = readers.map(({ id }) => id);
    const plan = planOf({ readers: ids, scanners, ...settings }, { ...inline, onProgress });
    return { ...plan, isLayer: false };
  }

  /** Outcomes in the order of the layers. Only throws when the signal aborts. */
  async examineAll(layers: readonly SourceLayer[]): Promise<LayerOutcome[]> {
    const { cache } = this.#options;
    const isCached = ({ digest }: SourceLayer): boolean =>
      cache !== undefined && digest !== undefined && cache.hasParts(digest);
    // Cached layers are decoded in this thread while worker threads read the others.
    const order = [...layers.entries()]
      .map(([at, layer]) => ({ at, layer, isCached: isCached(layer) }))
      .toSorted(
        (a, b) =>
          Number(a.isCached) - Number(b.isCached) ||
          (b.layer.sizeBytes ?? 0) - (a.layer.sizeBytes ?? 0),
      );
    const outcomes: Promise<LayerOutcome>[] = [];
    for (const { at, layer } of order) outcomes[at] = this.#once(layer);
    let files = 0;
    return (await Promise.all(outcomes)).map((outcome) => {
      files += outcome.record?.files.length ?? 0;
      return files > inspectionLimits.imageEntries ? tooMany() : outcome;
    });
  }

  async #once(layer: SourceLayer): Promise<LayerOutcome> {
    const { digest, blob } = layer;
    if (digest === undefined) return this.#examine(layer);
    // The same bytes are different as a tar, and under another name.
    const key = JSON.stringify([digest, blob]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const outcome = this.#examine(layer);
    this.#known.set(key, outcome);
    return outcome;
  }

  async #examine(layer: SourceLayer): Promise<LayerOutcome> {
    const { cache, readers, scanners, settings, now, onProgress, signal } = this.#options;
    signal?.throwIfAborted();
    if (layer.unavailable !== undefined) {
      const { reason, detail } = layer.unavailable;
      return missing(reason === 'encrypted' ? 'encrypted' : 'not_available', detail);
    }
    const index = this.#count;
    this.#count += 1;
    const label = (layer.digest ?? layer.diffId ?? `layer ${index}`).replace('sha256:', '');
    const report = (state: 'examining' | 'done' | 'cached', files: number): void =>
      onProgress?.({ phase: 'layer', index, label: label.slice(0, 12), state, files });
    const { digest, remember } = await storedDigest(layer, cache, now);
    const question = { digest, blob: layer.blob, readers, scanners, settings };
    const { answer, cached } = await examineCached(question, cache, (part) =>
      this.#run(layer, part, (files) => report('examining', files)),
    );
    if (!cached && 'record' in answer) remember(answer.record.digest);
    report(cached ? 'cached' : 'done', 'record' in answer ? answer.record.files.length : 0);
    return this.#bounded(outcomeOf(answer, cached));
  }

  /** Packs many rows, and drops those beyond the limit at once. */
  #bounded(outcome: LayerOutcome): LayerOutcome {
    const { record } = outcome;
    if (record === undefined) return outcome;
    this.#files += record.files.length;
    if (this.#files > inspectionLimits.imageEntries) return tooMany();
    if (this.#files <= analysisLimits.plainRows) return outcome;
    return { ...outcome, record: { ...record, files: packRows(record.files, 0) } };
  }

  /** Retries when the bytes were invalid and the source has another host. */
  async #run(
    layer: SourceLayer,
    part: Pick<LayerTask, 'readers' | 'scanners'>,
    onProgress: (files: number) => void,
  ): Promise<LayerAnswer> {
    const { runner, settings, signal } = this.#options;
    const { digest, sizeBytes, blob } = layer;
    const stored: StoredBytes = layer.file ?? 'sent';
    const task = { stored, claims: { digest, sizeBytes, blob }, ...part, ...settings };
    for (;;) {
      const answer = await runner.run({ task, open: () => layer.open(signal), onProgress });
      if ('record' in answer || answer.failure.code === 'crashed') return answer;
      const isRefused = signal?.aborted !== true && layer.refuse?.(answer.failure.detail) === true;
      if (!isRefused) return answer;
    }
  }
}

function outcomeOf(answer: LayerAnswer, cached: boolean): LayerOutcome {
  if ('record' in answer) return { record: answer.record, cached };
  const { code, detail } = answer.failure;
  const damaged = code === 'digest_mismatch' || code === 'size_mismatch';
  return missing(damaged ? 'damaged' : 'failed', detail);
}

function tooMany(): LayerOutcome {
  return missing(
    'too_many',
    `the layers have more than ${inspectionLimits.imageEntries} entries in total`,
  );
}

function missing(reason: Gap['reason'], detail: string): LayerOutcome {
  return { cached: false, gap: { by: 'layer', reason, detail } };
}
