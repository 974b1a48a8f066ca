/**
 * Gives the record of a layer from what is kept, as far as it goes, and examines the layer only for
 * what is missing: a new reader or scanner costs one more walk for itself alone.
 *
 * What is kept is found by the digest of the stored bytes, and only such bytes as were hashed while
 * they were read are put there. A digest of the image's configuration (diffID) is its author's
 * claim and never a key.
 */
import { limits } from '@lazaret/protocol';
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
  /** Verified, or the name under which the source is asked for the bytes. */
  readonly digest: string | undefined;
  /** The one file that the bytes are, where they are no tar: another walk, with another answer. */
  readonly blob?: BlobFile | undefined;
  readonly readers: readonly Reader[];
  readonly scanners: LayerTask['scanners'];
  readonly settings: Pick<LayerTask, 'digests' | 'similarity' | 'unpack'>;
}

export type Examine = (missing: Pick<LayerTask, 'readers' | 'scanners'>) => Promise<LayerAnswer>;

export interface CachedAnswer {
  readonly answer: LayerAnswer;
  /** Whether no byte of the layer had to be read. */
  readonly cached: boolean;
}

/** Raised when the walk itself gives other rows for the same bytes. */
const walkVersion = 3;

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
  const anew = async (): Promise<CachedAnswer> => {
    const answer = await examine(all);
    if (cache !== undefined && 'record' in answer) keep(question, cache, answer.record);
    return { answer, cached: false };
  };
  if (cache === undefined || digest === undefined) return anew();
  const kept = recall(question, digest, cache);
  if (kept.files === undefined) return anew();
  const missing = {
    readers: all.readers.filter((id) => !kept.facts.has(id)),
    scanners: scanners.filter(({ id }) => !kept.scans.has(id)),
  };
  if (missing.readers.length === 0 && missing.scanners.length === 0) {
    return { answer: { record: compose(kept.files, kept) }, cached: true };
  }
  const answer = await examine(missing);
  if (!('record' in answer)) return { answer, cached: false };
  // A file that was rewritten since it was hashed: what is kept is of other bytes.
  if (answer.record.digest !== digest) return anew();
  const isUnpacked = missing.scanners.length > 0;
  const record = isUnpacked ? answer.record : withUnpacked(answer.record, kept.files);
  keep(question, cache, record);
  for (const [id, facts] of Object.entries(record.facts)) kept.facts.set(id, facts);
  for (const [id, scan] of Object.entries(record.scans)) kept.scans.set(id, scan);
  return { answer: { record: { ...record, ...parts(kept) } }, cached: false };
}

/** A walk for readers alone unpacks nothing: what was unpacked before, and what was not, stands. */
function withUnpacked(record: LayerRecord, { members, gaps }: FilesPart): LayerRecord {
  const broken = record.gaps.filter(({ by }) => by === 'layer');
  return {
    ...record,
    ...(members !== undefined && { members }),
    gaps: [...gaps, ...broken],
  };
}

interface Kept {
  readonly files: FilesPart | undefined;
  readonly facts: Map<string, Facts>;
  readonly scans: Map<string, ScanRecord>;
}

function recall(question: CachedQuestion, digest: string, cache: AnalysisCache): Kept {
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

/** Keeps what of a record would be the same another time. */
function keep(question: CachedQuestion, cache: AnalysisCache, record: LayerRecord): void {
  if (record.gaps.some(({ by }) => by === 'layer')) return;
  const { digest, diffId, compression, storedBytes, tarBytes, files, members, structure } = record;
  const layer = { digest, diffId, compression, storedBytes, tarBytes };
  const { gaps } = record;
  const part = { files, structure, gaps, layer, ...(members !== undefined && { members }) };
  if (gaps.every(isLasting) && files.length <= inspectionLimits.cachedRows) {
    const profile = filesProfile(question);
    cache.putPart({ digest, part: 'files', profile }, part satisfies FilesPart);
  }
  for (const reader of question.readers) {
    const facts = record.facts[reader.id];
    if (facts?.every(isLastingFact) === true) {
      cache.putPart({ digest, ...readerPart(reader, question) }, facts);
    }
  }
  for (const scanner of question.scanners) {
    const scan = record.scans[scanner.id];
    if (scan === undefined || !isLastingScan(scan, scanner.description)) continue;
    cache.putPart({ digest, ...scannerPart(scanner, question) }, scan);
  }
}

const passing: ReadonlySet<string> = new Set([
  ...['timed_out', 'failed', 'crashed', 'unhealthy', 'not_available', 'stale_signatures'],
]);

/** Whether the same bytes would give the same gap again. */
function isLasting({ reason }: Pick<Gap, 'reason'>): boolean {
  return !passing.has(reason);
}

/** What a scanner in no good order said is no answer for the time after. */
function isLastingScan({ failed, gaps }: ScanRecord, { healthy }: ScannerDescription): boolean {
  return healthy && failed === 0 && gaps.every(([, each]) => isLasting(each));
}

function isLastingFact([, fact]: OfFile<Fact>): boolean {
  return fact.kind !== 'unknown' || !passing.has(fact.reason);
}

/** What decides the walk of the bytes, whoever looks at it. */
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

/** All of it was known: nothing was examined now. */
function asCached(scan: ScanRecord): ScanRecord {
  return { ...scan, cached: scan.examined };
}

function compose(files: FilesPart, kept: Kept): LayerRecord {
  const { layer, members, structure, gaps } = files;
  return {
    ...layer,
    files: files.files,
    structure,
    ...(members !== undefined && { members }),
    gaps,
    ...parts(kept),
  };
}

function parts({ facts, scans }: Kept): Pick<LayerRecord, 'facts' | 'scans'> {
  return { facts: Object.fromEntries(facts), scans: Object.fromEntries(scans) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
