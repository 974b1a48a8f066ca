/**
 * Answers from the cache and examines a layer only for what is missing: a new reader or scanner
 * costs one more walk for itself alone.
 *
 * Cache entries are keyed by the digest of the stored bytes, which was computed while they were
 * read. A digest of the image configuration (diffID) is an untrusted claim and never a key.
 */
import type { Fact, FileRow, Gap } from '@lazaret/protocol';

import type { AnalysisCache } from '../../cache/open-cache.ts';
import type { Reader } from '../../inventory/reader.ts';
import type { ScannerDescription } from '../../scan/scanner.ts';
import type { BlobFile } from '@lazaret/oci';
import { inspectionLimits } from '../walk/limits.ts';
import type { LayerAnswer, LayerTask } from './layer-task.ts';
import type {
  LayerRecord,
  MemberRow,
  OfFile,
  RecordedFinding,
  ScanRecord,
} from '../walk/tree-record.ts';

export interface CachedQuestion {
  /** Verified, or the digest that the source is queried with. */
  readonly digest: string | undefined;
  /** Set when the bytes are a single file and not a tar archive, which is walked differently. */
  readonly blob?: BlobFile | undefined;
  readonly readers: readonly Reader[];
  readonly scanners: LayerTask['scanners'];
  readonly settings: Pick<LayerTask, 'digests' | 'similarity' | 'unpack'>;
}

export type Examine = (missing: Pick<LayerTask, 'readers' | 'scanners'>) => Promise<LayerAnswer>;

export interface CachedAnswer {
  readonly answer: LayerAnswer;
  /** Whether the layer did not have to be read. */
  readonly cached: boolean;
}

/** Increased when the walk returns different rows for the same bytes. */
const walkVersion = 4;

interface FilesPart {
  readonly files: readonly FileRow[];
  readonly members?: readonly OfFile<MemberRow>[];
  readonly structure: readonly OfFile<RecordedFinding>[];
  readonly gaps: readonly Gap[];
  readonly layer: Pick<
    LayerRecord,
    'digest' | 'diffId' | 'compression' | 'storedBytes' | 'tarBytes'
  >;
}

type Facts = readonly OfFile<Fact>[];

export async function examineCached(
  question: CachedQuestion,
  cache: AnalysisCache | undefined,
  examine: Examine,
): Promise<CachedAnswer> {
  const { digest, readers, scanners } = question;
  const all = { readers: readers.map(({ id }) => id), scanners };
  const examineFresh = async (): Promise<CachedAnswer> => {
    const answer = await examine(all);
    if (cache !== undefined && 'record' in answer) writeCache(question, cache, answer.record);
    return { answer, cached: false };
  };
  if (cache === undefined || digest === undefined) return examineFresh();
  const stored = readCache(question, digest, cache);
  if (stored.files === undefined) return examineFresh();
  const missing = {
    readers: all.readers.filter((id) => !stored.facts.has(id)),
    scanners: scanners.filter(({ id }) => !stored.scans.has(id)),
  };
  if (missing.readers.length === 0 && missing.scanners.length === 0) {
    return { answer: { record: compose(stored.files, stored) }, cached: true };
  }
  const answer = await examine(missing);
  if (!('record' in answer)) return { answer, cached: false };
  // The file was rewritten since it was hashed: the cache entry is for different content.
  if (answer.record.digest !== digest) return examineFresh();
  const isUnpacked = missing.scanners.length > 0;
  const record = isUnpacked ? answer.record : withUnpacked(answer.record, stored.files);
  writeCache(question, cache, record);
  for (const [id, facts] of Object.entries(record.facts)) stored.facts.set(id, facts);
  for (const [id, scan] of Object.entries(record.scans)) stored.scans.set(id, scan);
  return { answer: { record: { ...record, ...parts(stored) } }, cached: false };
}

/** A walk for readers only does not unpack archives: the previous members and gaps are kept. */
function withUnpacked(record: LayerRecord, { members, gaps }: FilesPart): LayerRecord {
  const broken = record.gaps.filter(({ by }) => by === 'layer');
  return {
    ...record,
    ...(members !== undefined && { members }),
    gaps: [...gaps, ...broken],
  };
}

interface CachedParts {
  readonly files: FilesPart | undefined;
  readonly facts: Map<string, Facts>;
  readonly scans: Map<string, ScanRecord>;
}

function readCache(question: CachedQuestion, digest: string, cache: AnalysisCache): CachedParts {
  const { readers, scanners } = question;
  const files = cache.getPart({ digest, part: 'files', profile: filesProfile(question) });
  const facts = new Map<string, Facts>();
  const scans = new Map<string, ScanRecord>();
  for (const reader of readers) {
    const part = cache.getPart({ digest, ...readerPart(reader, question) });
    if (Array.isArray(part)) facts.set(reader.id, part as Facts);
  }
  for (const scanner of scanners) {
    const part = cache.getPart({ digest, ...scannerPart(scanner, question) });
    if (isObject(part)) scans.set(scanner.id, asCached(part as unknown as ScanRecord));
  }
  return { files: isObject(files) ? (files as unknown as FilesPart) : undefined, facts, scans };
}

/** Caches the parts of a record that are reproducible. */
function writeCache(question: CachedQuestion, cache: AnalysisCache, record: LayerRecord): void {
  if (record.gaps.some(({ by }) => by === 'layer')) return;
  const { digest, diffId, compression, storedBytes, tarBytes, files, members, structure } = record;
  const layer = { digest, diffId, compression, storedBytes, tarBytes };
  const { gaps } = record;
  const part = { files, structure, gaps, layer, ...(members !== undefined && { members }) };
  if (gaps.every(isCacheable) && files.length <= inspectionLimits.cachedRows) {
    const profile = filesProfile(question);
    cache.putPart({ digest, part: 'files', profile }, part satisfies FilesPart);
  }
  for (const reader of question.readers) {
    const facts = record.facts[reader.id];
    if (facts?.every(isCacheableFact) === true) {
      cache.putPart({ digest, ...readerPart(reader, question) }, facts);
    }
  }
  for (const scanner of question.scanners) {
    const scan = record.scans[scanner.id];
    if (scan === undefined || !isCacheableScan(scan, scanner.description)) continue;
    cache.putPart({ digest, ...scannerPart(scanner, question) }, scan);
  }
}

const transientReasons: ReadonlySet<string> = new Set([
  ...['timed_out', 'failed', 'crashed', 'unhealthy', 'not_available', 'stale_signatures'],
]);

/** Whether the same content would cause the same gap again. */
function isCacheable({ reason }: Pick<Gap, 'reason'>): boolean {
  return !transientReasons.has(reason);
}

/** Results of an unhealthy scanner are not cached. */
function isCacheableScan({ failed, gaps }: ScanRecord, { healthy }: ScannerDescription): boolean {
  return healthy && failed === 0 && gaps.every(([, each]) => isCacheable(each));
}

function isCacheableFact([, fact]: OfFile<Fact>): boolean {
  return fact.kind !== 'diagnostic' || !transientReasons.has(fact.reason);
}

/** The part of all keys that determines the walk. */
function walkOf({ blob }: CachedQuestion): readonly unknown[] {
  return blob === undefined ? [walkVersion] : [walkVersion, blob];
}

function filesProfile(question: CachedQuestion): string {
  const { digests, similarity, unpack } = question.settings;
  return JSON.stringify([...walkOf(question), digests, similarity, unpack]);
}

interface PartKey {
  readonly part: string;
  readonly profile: string;
}

function readerPart({ id, version, maxBytes }: Reader, question: CachedQuestion): PartKey {
  const profile = JSON.stringify([...walkOf(question), version, maxBytes]);
  return { part: `reader:${id}`, profile };
}

function scannerPart(
  { id, description }: CachedQuestion['scanners'][number],
  question: CachedQuestion,
): PartKey {
  const { engine, signatures, limits } = description;
  const { unpack } = question.settings;
  const profile = JSON.stringify([...walkOf(question), engine, signatures, limits, unpack]);
  return { part: `scanner:${id}`, profile };
}

/** Marks all results of a scan as cached. */
function asCached(scan: ScanRecord): ScanRecord {
  return { ...scan, cached: scan.examined };
}

function compose(files: FilesPart, stored: CachedParts): LayerRecord {
  const { layer, members, structure, gaps } = files;
  return {
    ...layer,
    files: files.files,
    structure,
    ...(members !== undefined && { members }),
    gaps,
    ...parts(stored),
  };
}

function parts({ facts, scans }: CachedParts): Pick<LayerRecord, 'facts' | 'scans'> {
  return { facts: Object.fromEntries(facts), scans: Object.fromEntries(scans) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
