/** The members of archives in memory. */
import { limits } from '@lazaret/protocol';
import { ociLimits } from '@lazaret/oci';

import { readAr } from './ar.ts';
import type { PlainMember } from './ar.ts';
import { readCpio } from './cpio.ts';
import { describeFailure } from './describe-failure.ts';
import { archiveLimits } from './limits.ts';
import type { NestedBudget } from './nested-budget.ts';
import type { Piece } from './piece.ts';
import { readTar } from './read-tar.ts';
import { findRpmPayload } from './rpm-payload.ts';
import { ZipError } from './zip-entry.ts';
import type { ZipMember, ZipNoteCode } from './zip-entry.ts';
import { readMember, readZip } from './zip.ts';

interface Container {
  readonly bytes: Buffer;
}

export function* openZip({ bytes }: Container, budget: NestedBudget): Generator<Piece> {
  const { entries, ratio, ratioFreeBytes } = budget.limits;
  const archive = readZip(bytes, {
    entries,
    ratio,
    ratioFreeBytes,
    notes: archiveLimits.nestedNotes,
  });
  for (const member of archive.members) {
    budget.takeEntry();
    if (isEmptyDirectory(member)) continue;
    const name = member.path;
    try {
      const content = readMember(archive, member, budget.availableBytes);
      budget.takeBytes(content.length);
      yield { type: 'member', name, bytes: content, isView: member.method === 0 };
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      yield { type: 'gap', name, ...describeFailure(error) };
    }
  }
  yield* describeNotes(archive.noteCodes);
}

function isEmptyDirectory(member: ZipMember): boolean {
  return member.isDirectory && member.sizeBytes === 0 && member.compressedBytes === 0;
}

function* describeNotes(codes: ReadonlySet<ZipNoteCode>): Generator<Piece> {
  if (codes.has('too_many_entries')) {
    yield { type: 'gap', reason: 'too_many', detail: 'the archive has more members' };
  }
  if (codes.has('damaged_directory')) {
    yield { type: 'gap', reason: 'damaged', detail: 'the directory of the archive is damaged' };
  }
}

/** An archive in memory: its members are views. */
export async function* openTar(
  { bytes }: Container,
  budget: NestedBudget,
): AsyncGenerator<Piece, void, undefined> {
  yield* openTarStream(onePiece(bytes), budget);
}

async function* onePiece(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

/** An archive that need not fit into memory; its chunks must not be overwritten. */
export async function* openTarStream(
  stream: AsyncIterable<Uint8Array>,
  budget: NestedBudget,
): AsyncGenerator<Piece, void, undefined> {
  for await (const entry of readTar(stream, { ...roomyTar, dialect: 'docker' })) {
    budget.takeEntry();
    const { sizeBytes, path: name } = entry;
    if (sizeBytes === 0) continue;
    const { availableBytes } = budget;
    if (sizeBytes > availableBytes) {
      yield { type: 'gap', name, reason: 'too_large', detail: `above ${availableBytes} bytes` };
      continue;
    }
    const parts: Buffer[] = [];
    for await (const part of entry.content) {
      parts.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    }
    budget.takeBytes(sizeBytes);
    const [first] = parts;
    const isView = parts.length === 1 && first !== undefined;
    yield { type: 'member', name, bytes: isView ? first : Buffer.concat(parts), isView };
  }
}

/** The budget bounds the output. */
const roomyTar = {
  entries: Number.MAX_SAFE_INTEGER,
  totalBytes: Number.MAX_SAFE_INTEGER,
  entryBytes: Number.MAX_SAFE_INTEGER,
  pathBytes: limits.pathBytes,
  paxBytes: ociLimits.tarHeaderBytesMax,
};

export function* openAr({ bytes }: Container, budget: NestedBudget): Generator<Piece> {
  for (const member of readAr(bytes)) yield* view(member, budget);
}

export function* openCpio({ bytes }: Container, budget: NestedBudget): Generator<Piece> {
  const members = readCpio(bytes);
  for (let next = members.next(); ; next = members.next()) {
    if (next.done !== true) {
      yield* view(next.value, budget);
      continue;
    }
    const rest = next.value;
    if (rest.length > 0) yield* view({ path: 'after the end', bytes: rest }, budget);
    return;
  }
}

export function* openRpm({ bytes }: Container, budget: NestedBudget): Generator<Piece> {
  yield* view({ path: 'payload', bytes: findRpmPayload(bytes) }, budget);
}

function* view({ path, bytes }: PlainMember, budget: NestedBudget): Generator<Piece> {
  budget.takeEntry();
  if (bytes.length === 0) return;
  budget.takeBytes(bytes.length);
  yield { type: 'member', name: path, bytes, isView: true };
}
