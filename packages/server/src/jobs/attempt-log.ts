/**
 * Logs of attempts in the database: bounded rows of bytes in order, so that every process that
 * serves the API can show a running log, and a restart loses nothing that was flushed.
 */
import { limits, type LogChunk } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { jobLimits } from './limits.ts';

export interface StoredChunk {
  readonly attempt: number;
  readonly number: number;
  readonly stream: LogChunk['stream'];
  readonly at: Date;
  readonly bytes: Buffer;
}

export interface LogAsk {
  readonly job: string;
  /** The last attempt unless named. */
  readonly attempt?: number | undefined;
  readonly stream?: LogChunk['stream'] | undefined;
  /** Only rows after this one. */
  readonly after?: { readonly attempt: number; readonly number: number } | undefined;
}

/** A bounded piece of the log, in order; request more after the last row. */
export async function readLog(database: Kysely<Database>, ask: LogAsk): Promise<StoredChunk[]> {
  let query = database
    .selectFrom('attempt_log')
    .innerJoin('attempts', 'attempts.id', 'attempt_log.attempt')
    .where('attempts.job', '=', ask.job)
    .select([
      'attempts.number as attempt',
      'attempt_log.number',
      'attempt_log.stream',
      'attempt_log.at',
      'attempt_log.bytes',
    ])
    .orderBy('attempts.number')
    .orderBy('attempt_log.number')
    .limit(Math.floor(limits.streamBufferBytes / jobLimits.logChunkBytes));
  if (ask.attempt !== undefined) query = query.where('attempts.number', '=', ask.attempt);
  if (ask.stream !== undefined) query = query.where('attempt_log.stream', '=', ask.stream);
  const { after } = ask;
  if (after !== undefined) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('attempts.number', 'attempt_log.number'),
        '>',
        tuple(after.attempt, after.number),
      ),
    );
  }
  return (await query.execute()) as StoredChunk[];
}

/** Removes the log rows of an earlier worker; the log is read again from its start. */
export async function clearLog(database: Kysely<Database>, attempt: string): Promise<void> {
  await database.deleteFrom('attempt_log').where('attempt', '=', attempt).execute();
}

export interface LogWriter {
  write(stream: LogChunk['stream'], bytes: Uint8Array, at: Date): void;
  /** Writes the remaining bytes. */
  end(): Promise<void>;
  readonly bytes: number;
  readonly truncated: boolean;
}

/**
 * Collects chunks and stores them in batches. Above `maxBytes` everything is dropped and the
 * log is marked as truncated; the engine itself is not slowed down or stopped.
 */
export function createLogWriter(options: {
  readonly database: Kysely<Database>;
  readonly attempt: string;
  readonly maxBytes: number;
  readonly onError: (error: unknown) => void;
  /** Called after rows were stored, so that followers read them. */
  readonly onStored: () => void;
}): LogWriter {
  const { database, attempt, maxBytes } = options;
  let pending: { stream: string; at: Date; bytes: Buffer }[] = [];
  let number = 0;
  let stored = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let bytesKept = 0;
  let truncated = false;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const rows = pending.map((row) => ({ attempt, number: (number += 1), ...row }));
    pending = [];
    if (rows.length === 0) return;
    stored = stored
      .then(() => database.insertInto('attempt_log').values(rows).execute())
      .then(options.onStored, options.onError);
  };

  return {
    get bytes() {
      return bytesKept;
    },
    get truncated() {
      return truncated;
    },
    write(stream, bytes, at) {
      const available = maxBytes - bytesKept;
      if (available < bytes.length) truncated = true;
      if (available <= 0) return;
      for (const piece of pieces(bytes.subarray(0, available))) {
        bytesKept += piece.length;
        appendPiece(pending, { stream, at, bytes: piece });
      }
      const waiting = pending.reduce((sum, row) => sum + row.bytes.length, 0);
      if (waiting >= jobLimits.logChunkBytes * 8) flush();
      else timer ??= setTimeout(flush, jobLimits.logFlushMs);
    },
    async end() {
      flush();
      await stored;
    },
  };
}

function* pieces(bytes: Uint8Array): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += jobLimits.logChunkBytes) {
    yield Buffer.from(bytes.subarray(start, start + jobLimits.logChunkBytes));
  }
}

/** Joins small adjacent chunks of one stream into one row. */
function appendPiece(
  rows: { stream: string; at: Date; bytes: Buffer }[],
  piece: { stream: string; at: Date; bytes: Buffer },
): void {
  const last = rows.at(-1);
  const joins =
    last?.stream === piece.stream &&
    last.bytes.length + piece.bytes.length <= jobLimits.logChunkBytes;
  if (last !== undefined && joins) last.bytes = Buffer.concat([last.bytes, piece.bytes]);
  else rows.push(piece);
}
