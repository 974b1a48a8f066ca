/** Follows one job live: its log and its transitions, resumable, until it has ended. */
import { isFinal, limits, Problem, type Job, type LogChunk } from '@lazaret/protocol';

import type { OutgoingEvent } from '../floor/http/index.ts';
import type { StoredChunk } from './attempt-log.ts';
import { jobLimits } from './limits.ts';

export interface FollowOptions {
  readonly readJob: () => Promise<Job>;
  readonly readLog: (after: Position | undefined) => Promise<readonly StoredChunk[]>;
  /** Resolves when something about the job may have changed, or after a while. */
  readonly changed: () => Promise<void>;
  readonly signal: AbortSignal;
  /** `Last-Event-ID` of the client. */
  readonly resume: string | undefined;
}

interface Position {
  readonly attempt: number;
  readonly number: number;
}

/**
 * Yields the job first, then log chunks and transitions as they occur. Ids identify the last log
 * row that was sent, so a client that reconnects gets the rest without duplicates.
 */
export async function* followJob(options: FollowOptions): AsyncGenerator<OutgoingEvent> {
  let after = parsePosition(options.resume);
  let shown = '';
  const decoders = new Map<string, TextDecoder>();
  while (!options.signal.aborted) {
    // The job is read before the log: when it has ended, its log is complete.
    const job = await options.readJob();
    for (;;) {
      const chunks = await options.readLog(after);
      for (const chunk of chunks) {
        after = { attempt: chunk.attempt, number: chunk.number };
        yield { id: formatPosition(after), event: 'log', data: toLogChunk(chunk, decoders) };
      }
      if (chunks.length < limits.streamBufferBytes / jobLimits.logChunkBytes) break;
    }
    const state = JSON.stringify(job);
    if (state !== shown) {
      shown = state;
      yield {
        ...(after === undefined ? {} : { id: formatPosition(after) }),
        event: 'job',
        data: job,
      };
    }
    if (isFinal(job.state)) {
      yield { event: 'end', data: {} };
      return;
    }
    await options.changed();
  }
}

/** A decoder for each stream handles characters that span two rows. */
function toLogChunk(chunk: StoredChunk, decoders: Map<string, TextDecoder>): LogChunk {
  const key = `${chunk.attempt}.${chunk.stream}`;
  const decoder = decoders.get(key) ?? new TextDecoder();
  decoders.set(key, decoder);
  return {
    attempt: chunk.attempt,
    stream: chunk.stream,
    at: chunk.at.toISOString(),
    text: decoder.decode(chunk.bytes, { stream: true }),
  };
}

function formatPosition(position: Position): string {
  return `${position.attempt}.${position.number}`;
}

function parsePosition(text: string | undefined): Position | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(text);
  if (match !== null) return { attempt: Number(match[1]), number: Number(match[2]) };
  const message = 'expected the id of an event of this stream; omit it to start over';
  throw new Problem('invalid_request', `header Last-Event-ID: ${message}`, {
    fields: [{ path: 'header.Last-Event-ID', message }],
  });
}
