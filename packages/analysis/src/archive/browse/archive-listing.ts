/** The content of an archive, as a list for display. */
import type { ArchiveMemberType, ArchiveMemberWarning } from '@lazaret/protocol';

import { detectContainer, isUnsupported } from '../container-format.ts';
import type { OpenedFormat, StreamFormat } from '../container-format.ts';
import { archiveLimits } from '../limits.ts';
import { NestedBudget } from '../nested-budget.ts';
import type { NestedLimits } from '../nested-budget.ts';
import { decode } from '../open-stream.ts';
import { ArchiveError } from './archive-error.ts';

export interface ArchiveMember {
  /** Its number in the archive, from 0; unlike its path it is unique. */
  readonly position: number;
  /** As in the archive, without the trailing slashes of a directory; untrusted. */
  readonly path: string;
  readonly type: ArchiveMemberType;
  /** Null if only unpacking everything would show it. */
  readonly sizeBytes: number | null;
  readonly packedBytes: number | null;
  readonly modifiedMs: number | null;
  readonly mode: number | null;
  /** The target of a link in a tar archive. */
  readonly linkTarget: string | null;
  readonly warnings: readonly ArchiveMemberWarning[];
}

export interface ArchiveListing {
  /** `zip`, `tar`, `tar.gz`, `gz`, `ar`, `cpio`, `rpm`, ... */
  readonly format: string;
  readonly members: readonly ArchiveMember[];
  /** Why members are missing from the list; empty when it is complete. */
  readonly gaps: readonly string[];
  /** Anomalies of the archive as a whole. */
  readonly notes: readonly string[];
}

export type BrowseLimits = Pick<
  NestedLimits,
  'entries' | 'totalBytes' | 'fileBytes' | 'ratio' | 'ratioFreeBytes'
>;

/** The defaults; tests use smaller ones. */
export const browseLimits: BrowseLimits = {
  entries: archiveLimits.nestedEntries,
  totalBytes: archiveLimits.nestedBytes,
  fileBytes: archiveLimits.nestedFileBytes,
  ratio: archiveLimits.nestedRatio,
  ratioFreeBytes: archiveLimits.nestedRatioFreeBytes,
};

const streamSuffixes: Readonly<Record<StreamFormat, string>> = {
  gzip: 'gz',
  zstd: 'zst',
  bzip2: 'bz2',
  xz: 'xz',
  lzma: 'lzma',
};
const supported = 'zip, tar, gzip, zstd, bzip2, xz, lzma, ar, cpio, rpm';

/** Detects the format of the bytes. Throws ArchiveError for everything that cannot be opened. */
export function requireFormat(bytes: Buffer): OpenedFormat {
  const format = detectContainer(bytes);
  if (format === undefined) throw new ArchiveError('not_archive', 'the file is not an archive');
  if (isUnsupported(format)) {
    const message = `${format} archives are not supported (supported: ${supported})`;
    throw new ArchiveError('unsupported', message);
  }
  return format;
}

/** The suffix of a format that is one compressed stream, undefined for all others. */
export function streamSuffix(format: OpenedFormat): string | undefined {
  return format in streamSuffixes ? streamSuffixes[format as StreamFormat] : undefined;
}

/** The bytes needed to detect a tar archive. */
const headBytes = 1_024;

export interface PlainContent {
  readonly isTar: boolean;
  /** Throws BudgetError beyond the limits, DecodeError where the stream is damaged. */
  readonly chunks: AsyncGenerator<Buffer, void, undefined>;
}

/**
 * The content of a compressed stream, its size and its compression ratio bounded. The owner of
 * the thread limits the time.
 */
export async function openContent(
  bytes: Buffer,
  format: StreamFormat,
  bounds: BrowseLimits,
): Promise<PlainContent> {
  const source = boundedContent(bytes, format, bounds);
  const head: Buffer[] = [];
  let count = 0;
  let failure: unknown;
  try {
    while (count < headBytes) {
      const next = await source.next();
      if (next.done === true) break;
      head.push(next.value);
      count += next.value.length;
    }
  } catch (error) {
    // Thrown after what was read until then.
    failure = error;
  }
  const start = Buffer.concat(head);
  return { isTar: detectContainer(start) === 'tar', chunks: resume(start, source, failure) };
}

async function* boundedContent(
  bytes: Buffer,
  format: StreamFormat,
  bounds: BrowseLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const budget = new NestedBudget({ now: () => 0, limits: bounds });
  budget.begin(bytes.length);
  for await (const chunk of decode(format, bytes)) {
    budget.takeBytes(chunk.length);
    yield chunk;
  }
}

async function* resume(
  start: Buffer,
  source: AsyncGenerator<Buffer, void, undefined>,
  failure: unknown,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (start.length > 0) yield start;
    if (failure !== undefined) throw failure;
    yield* source;
  } finally {
    await source.return();
  }
}
