/**
 * Inspects the images of a source: every selected image, every layer once, both views, with their
 * coverage. Nothing inspected is executed or unpacked to disk.
 */
import { availableParallelism } from 'node:os';

import type { Gap, InspectionReport, SourceDiagnostic } from '@lazaret/protocol';

import { openCache } from '../cache/open-cache.ts';
import type { AnalysisCache } from '../cache/open-cache.ts';
import type { DigestChoice } from '../digest/file-digests.ts';
import { allReaders } from '../inventory/ecosystems.ts';
import { createScanners } from '../scan/create-scanners.ts';
import type { Scanner, ScannerDescription } from '../scan/scanner.ts';
import type { ImageListing, ImageSource, PlatformChoice } from '@lazaret/oci';
import { buildReport } from './summary/build-report.ts';
import type { ReportInput } from './summary/build-report.ts';
import type { MatchAnswer } from '../vulnerability/advisory-coverage.ts';
import { examineOneTree } from './walk/examine-one-tree.ts';
import type { WalkedTree } from './walk/examine-one-tree.ts';
import { describeImage } from './summary/describe-image.ts';
import { LayerScheduler } from './layers/layer-scheduler.ts';
import type { LayerOutcome } from './layers/layer-scheduler.ts';
import type { LayerRunner } from './layers/layer-task.ts';
import { LayerThreads } from './layers/layer-threads.ts';
import { LayerWorkers } from './layers/layer-workers.ts';
import type { InspectProgress } from './layers/progress.ts';
import { inlineRunner } from './layers/run-layer-task.ts';
import { inspectionLimits } from './walk/limits.ts';
import { scanConfig } from './walk/scan-config.ts';
import type { GivenScannerSettings } from '../scan/scanner-module.ts';

export interface InspectOptions {
  readonly platform?: PlatformChoice;
  readonly scanners?: GivenScannerSettings;
  /** Matches packages with advisories; absent when there is no database. */
  readonly match?:
    | ((about: Pick<InspectionReport, 'packages' | 'distribution'>) => MatchAnswer)
    | undefined;
  readonly cache?: { readonly directory: string; readonly maxBytes: number } | undefined;
  /** `all` unless given. */
  readonly digests?: DigestChoice;
  /** Similarity digests of programs. */
  readonly similarity?: boolean;
  /** Whether the report lists all files. */
  readonly files?: boolean;
  /** Number of threads for layers, the number of cores unless given; 0 uses the current thread. */
  readonly parallel?: number;
  /** Threads that outlive the inspection; its own ones unless given. */
  readonly threads?: LayerThreads | undefined;
  /** Time limit for one layer; `layerMs` unless given. */
  readonly timeMs?: number;
  /** The listing of the source when it was listed before; it is listed here unless given. */
  readonly listing?: ImageListing | undefined;
  /** Another possible meaning of the reference. */
  readonly sourceHint?: string | undefined;
  readonly toolVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: InspectProgress) => void;
  /** Called with a message about problems that do not affect the result. */
  readonly onWarning?: (text: string) => void;
}

/**
 * Returns one report for each selected image. Throws SourceError when the source cannot be listed.
 */
export async function inspect(
  source: ImageSource,
  options: InspectOptions,
): Promise<InspectionReport[]> {
  options.onProgress?.({ phase: 'listed', images: 0, layers: 0 });
  const listing = options.listing ?? (await source.list(options.platform ?? 'default'));
  return withScheduler(options, async (scheduler, scanners) => {
    const layers = listing.images.reduce((sum, image) => sum + image.layers.length, 0);
    options.onProgress?.({ phase: 'listed', images: listing.images.length, layers });
    const outcomes = await Promise.all(
      listing.images.map((image) => scheduler.examineAll(image.layers)),
    );
    const configs = await Promise.all(
      listing.images.map(({ config }) => scanConfig(config, scheduler.treePlan(noProgress))),
    );
    const described = await describeBeforeAndAfter(scanners);
    const hidesSecrets = options.scanners?.secrets === true;
    const { source: origin, diagnostics } = describeSource(source, listing, options);
    return listing.images.map((image, at) => {
      const about = describeImage(image, outcomes[at] ?? [], { hidesSecrets });
      return buildReport({
        tool: { name: 'lazaret', version: options.toolVersion },
        ...about,
        source: origin,
        diagnostics: [...diagnostics, ...about.diagnostics],
        records: (outcomes[at] ?? []).map(({ record }) => record),
        configRecord: configs[at],
        gaps: [...diagnosticGaps(listing, options), ...(outcomes[at] ?? []).flatMap(outcomeGaps)],
        scanners: described,
        ...(options.match !== undefined && { match: options.match }),
        files: options.files ?? false,
      });
    });
  });
}

export interface TreeSource extends WalkedTree {
  readonly kind: 'directory' | 'container';
  readonly reference: string;
}

/** Inspects a tree that is not an image in this thread; scan results are cached. */
export async function inspectTree(
  source: TreeSource,
  options: InspectOptions,
): Promise<InspectionReport> {
  return withScheduler(options, async (scheduler, scanners) => {
    const label = source.reference;
    const report = (state: 'examining' | 'done', files: number): void =>
      options.onProgress?.({ phase: 'layer', index: 0, label, state, files });
    options.onProgress?.({ phase: 'listed', images: 1, layers: 1 });
    const plan = scheduler.treePlan((files) => report('examining', files));
    const record = await examineOneTree(source, plan);
    report('done', record.files.length);
    const state = record.gaps.some(({ by }) => by === 'layer') ? 'partial' : 'examined';
    return buildReport({
      tool: { name: 'lazaret', version: options.toolVersion },
      ...describeSource(source, { diagnostics: [] }, options),
      image: undefined,
      layers: [{ index: 0, files: record.files.length, state }],
      records: [record],
      gaps: [],
      findings: [],
      scanners: await describeBeforeAndAfter(scanners),
      ...(options.match !== undefined && { match: options.match }),
      files: options.files ?? false,
    });
  });
}

const noProgress = (): void => undefined;

interface DescribedScanners {
  readonly list: readonly Scanner[];
  readonly before: readonly ScannerDescription[];
}

const unknownScanner: ScannerDescription = {
  ...{ engine: 'unknown', signatures: '', limits: '', healthy: false },
};

/** Opens and finally closes all resources of an inspection. */
async function withScheduler<T>(
  options: InspectOptions,
  use: (scheduler: LayerScheduler, scanners: DescribedScanners) => Promise<T>,
): Promise<T> {
  const choice = options.scanners ?? {};
  const list = createScanners(choice, { now: options.now });
  let cache: AnalysisCache | undefined;
  let runner: LayerRunner | undefined;
  try {
    const before = await describeAll(list);
    cache = options.cache === undefined ? undefined : openCache(options.cache.directory);
    const inline = { scanners: list, verdicts: cache, now: () => performance.now() };
    runner = chooseRunner(options, cache, inline);
    const scheduler = new LayerScheduler({
      ...{ runner, cache, readers: allReaders },
      scanners: list.map(({ id }, at) => ({ id, description: before[at] ?? unknownScanner })),
      settings: {
        digests: options.digests ?? 'all',
        similarity: options.similarity ?? false,
        unpack: list.length > 0,
        timeMs: options.timeMs ?? inspectionLimits.layerMs,
      },
      signal: options.signal,
      onProgress: options.onProgress,
      ...{ inline, now: options.now },
    });
    return await use(scheduler, { list, before });
  } finally {
    await runner?.close();
    if (cache !== undefined) closeCache(cache, options);
    await Promise.all(list.map((scanner) => scanner.close()));
  }
}

function closeCache(cache: AnalysisCache, { cache: bounds, onWarning }: InspectOptions): void {
  if (bounds !== undefined) cache.trim(bounds.maxBytes);
  cache.close();
  if (cache.warning === undefined) return;
  onWarning?.(`the cache could not be fully used: ${cache.warning}`);
}

function chooseRunner(
  { parallel, scanners, cache: place, now, threads }: InspectOptions,
  cache: AnalysisCache | undefined,
  inline: Parameters<typeof inlineRunner>[0],
): LayerRunner {
  if (parallel === 0) return inlineRunner(inline);
  const settings = {
    scanners: scanners ?? {},
    cacheDirectory: cache?.warning === undefined ? place?.directory : undefined,
    nowMs: now(),
  };
  const lent = threads ?? new LayerThreads({ keeps: false });
  return new LayerWorkers(settings, lent, parallel ?? availableParallelism());
}

async function describeBeforeAndAfter({
  list,
  before,
}: DescribedScanners): Promise<ReportInput['scanners']> {
  const after = await describeAll(list);
  return list.map(({ id }, at) => {
    const first = before[at] ?? unknownScanner;
    return { id, before: first, after: after[at] ?? first };
  });
}

async function describeAll(scanners: readonly Scanner[]): Promise<ScannerDescription[]> {
  return Promise.all(scanners.map((scanner) => scanner.describe()));
}

interface DescribedSource {
  readonly source: InspectionReport['source'];
  readonly diagnostics: readonly SourceDiagnostic[];
}

/** Called after the layers were read, when their origin is known. */
function describeSource(
  source: Pick<ImageSource, 'kind' | 'reference' | 'origin'>,
  listing: Pick<ImageListing, 'diagnostics'>,
  { sourceHint }: InspectOptions,
): DescribedSource {
  const { kind, reference } = source;
  const { resolved, diagnostics = [] } = source.origin?.() ?? {};
  const hint = { reason: 'other_meaning', detail: sourceHint ?? '' } as const;
  const hints = sourceHint === undefined ? [] : [hint];
  return {
    source: { kind, reference, ...(resolved !== undefined && { resolved }) },
    diagnostics: [...hints, ...diagnostics, ...listing.diagnostics].slice(
      0,
      inspectionLimits.sourceDiagnostics,
    ),
  };
}

/** Images of "all platforms" that could not be read. */
function diagnosticGaps({ diagnostics }: ImageListing, { platform }: InspectOptions): Gap[] {
  if (platform !== 'all') return [];
  return diagnostics.flatMap(({ reason, detail }): Gap[] => {
    if (reason === 'missing_child') return [{ by: 'source', reason: 'missing_part', detail }];
    if (reason === 'unsupported') return [{ by: 'source', reason: 'unsupported', detail }];
    return reason === 'limit' ? [{ by: 'source', reason: 'too_many', detail }] : [];
  });
}

function outcomeGaps({ gap }: LayerOutcome, layer: number): Gap[] {
  return gap === undefined ? [] : [{ ...gap, layer }];
}
