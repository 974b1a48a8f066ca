/**
 * The content of containers inside a file, recursively: they are opened in memory, detected by
 * their bytes, under common limits. Content that is not opened is a gap, never omitted: the caller
 * scans the file's own bytes anyway, and these are what it would not see.
 */
import { setImmediate } from 'node:timers/promises';
import type { GapReason } from '@lazaret/protocol';

import { fileKind, fileKindBytes } from '../format/file-kind.ts';
import { findBase64, isPemContent, runCharsMin } from './base64.ts';
import type { EncodedRun } from './base64.ts';
import { detectContainer, isUnsupported } from './container-format.ts';
import type { ContainerFormat, OpenedFormat } from './container-format.ts';
import { describeFailure } from './describe-failure.ts';
import { archiveLimits } from './limits.ts';
import type { NestedBudget } from './nested-budget.ts';
import { openAr, openCpio, openRpm, openTar, openZip } from './open-archive.ts';
import { openStream } from './open-stream.ts';
import type { Piece } from './piece.ts';

export interface NestedMember {
  readonly type: 'member';
  /** `a.zip!/b`, `a.tar.gz!/a.tar!/b`. */
  readonly path: string;
  /**
   * Often a view of the container's bytes, and never written to again: it may be kept without a
   * copy as long as the file's own bytes. The budget counts it only until the next step.
   */
  readonly bytes: Buffer;
  readonly sizeBytes: number;
  /** Set when these are only the first bytes; a gap with the same path has the reason. */
  readonly truncated: boolean;
  /** The container that it is itself, whose members come next. */
  readonly container?: ContainerFormat;
}

/** Something that was not opened, or not completely. */
export interface NestedGap {
  readonly type: 'gap';
  readonly path: string;
  readonly reason: GapReason;
  readonly detail: string;
}

export type NestedStep = NestedMember | NestedGap;

interface OpenFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * Yields the members of a file that is a container, each before its own members. The budget starts
 * over with each call. Never throws: a failure is a gap. The loop may be left early.
 */
export async function* openNested(
  file: OpenFile,
  budget: NestedBudget,
): AsyncGenerator<NestedStep, void, undefined> {
  budget.begin(file.bytes.length);
  try {
    const format = detectContainer(file.bytes);
    yield* open(file, { budget, depth: 0, isInStream: false, format });
  } catch (error) {
    yield { type: 'gap', path: file.path, ...describeFailure(error) };
  }
}

interface Place {
  readonly budget: NestedBudget;
  readonly depth: number;
  /** An archive in a compressed stream, such as a .tar.gz, is one container and not two. */
  readonly isInStream: boolean;
  readonly format: ContainerFormat | undefined;
}

const streams: ReadonlySet<ContainerFormat> = new Set<ContainerFormat>([
  ...(['gzip', 'zstd', 'bzip2', 'xz', 'lzma'] as const),
]);

type Opener = (file: OpenFile, budget: NestedBudget) => AsyncIterable<Piece> | Iterable<Piece>;

const openers: Readonly<Record<OpenedFormat, Opener>> = {
  zip: openZip,
  tar: openTar,
  ar: openAr,
  cpio: openCpio,
  rpm: openRpm,
  gzip: (file, budget) => openStream(file, { format: 'gzip', budget }),
  zstd: (file, budget) => openStream(file, { format: 'zstd', budget }),
  bzip2: (file, budget) => openStream(file, { format: 'bzip2', budget }),
  xz: (file, budget) => openStream(file, { format: 'xz', budget }),
  lzma: (file, budget) => openStream(file, { format: 'lzma', budget }),
};

async function* open(file: OpenFile, place: Place): AsyncGenerator<NestedStep, void, undefined> {
  const { budget, depth, format } = place;
  if (format === undefined) {
    // Nearly every file of an image comes here, and has none.
    const runs = encodedRuns(file.bytes);
    if (runs !== undefined) yield* openEncoded(file, place, runs);
    return;
  }
  const refuse = (reason: GapReason, detail: string): NestedGap => {
    return { type: 'gap', path: file.path, reason, detail };
  };
  if (isUnsupported(format)) {
    yield refuse('unsupported', `${format} archives are not opened`);
    return;
  }
  const isStream = streams.has(format);
  const counts = isStream || !place.isInStream;
  if (counts && depth >= budget.limits.depth) {
    yield refuse('too_deep', `containers more than ${budget.limits.depth} deep are not opened`);
    return;
  }
  try {
    const inner = { ...place, depth: counts ? depth + 1 : depth, isInStream: isStream };
    for await (const piece of openers[format](file, budget)) yield* walk(file, piece, inner);
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.isShared) throw error;
    yield refuse(failure.reason, failure.detail);
  }
}

/** The kinds of `fileKind` that may contain encoded programs. */
const textKinds: ReadonlySet<string> = new Set([
  ...['text', 'script', 'php', 'html', 'xml', 'json', 'pem', 'rtf', 'postscript'],
]);

/** Undefined when there is none. */
function encodedRuns(bytes: Buffer): Iterable<EncodedRun> | undefined {
  if (bytes.length < runCharsMin) return undefined;
  if (!textKinds.has(fileKind(bytes.subarray(0, fileKindBytes), bytes.length))) return undefined;
  const runs = findBase64(bytes);
  return runs.next().done === true ? undefined : findBase64(bytes);
}

/** Long runs of base64 in a text; each is one container. */
async function* openEncoded(
  file: OpenFile,
  place: Place,
  runs: Iterable<EncodedRun>,
): AsyncGenerator<NestedStep, void, undefined> {
  const { path, bytes } = file;
  const { budget, depth } = place;
  for (const { offset, sizeBytes, decode } of runs) {
    budget.takeEntry();
    const name = offset === 0 ? 'base64' : `base64 at ${offset}`;
    const refuse = (reason: GapReason, detail: string): NestedGap => {
      return { type: 'gap', path: joinPath(path, name), reason, detail };
    };
    if (depth >= budget.limits.depth) {
      yield refuse('too_deep', `more than ${budget.limits.depth} deep is not decoded`);
      return;
    }
    if (sizeBytes > budget.availableBytes) {
      yield refuse('too_large', `above ${budget.availableBytes} bytes`);
      continue;
    }
    const content = decode();
    if (isPemContent(bytes, offset, content)) continue;
    budget.takeBytes(content.length);
    const piece = { type: 'member', name, bytes: content, isView: false } as const;
    yield* walk(file, piece, { ...place, depth: depth + 1, isInStream: false });
  }
}

/** Bytes after which it yields to the event loop. */
const turnBytes = 1024 * 1024;

async function* walk(
  file: OpenFile,
  piece: Piece,
  place: Place,
): AsyncGenerator<NestedStep, void, undefined> {
  const path = piece.name === undefined ? file.path : joinPath(file.path, piece.name);
  if (piece.type === 'gap') {
    yield { type: 'gap', path, reason: piece.reason, detail: piece.detail };
    return;
  }
  const { budget } = place;
  const { bytes } = piece;
  const heldBytes = piece.isView ? 0 : bytes.length;
  budget.hold(heldBytes);
  const format = detectContainer(bytes);
  yield {
    type: 'member',
    path,
    bytes,
    sizeBytes: bytes.length,
    truncated: piece.truncated ?? false,
    ...(format === undefined ? {} : { container: format }),
  };
  if (bytes.length > turnBytes) await setImmediate();
  yield* open({ path, bytes }, { ...place, format });
  budget.release(heldBytes);
}

function joinPath(path: string, name: string): string {
  return `${path}!/${name.slice(0, archiveLimits.nestedNameChars).toWellFormed()}`;
}
