/**
 * The multiplexed log stream of the Engine API: frames of an eight-byte header (stream number,
 * three zeros, length) and a payload that begins with the time, as logs are asked for here.
 * Source: Docker Engine API, "ContainerAttach", stream format.
 */
import { limits } from '@lazaret/protocol';

import { ExecutorError } from './executor.ts';
import type { LogPiece } from './executor.ts';

const headerBytes = 8;

/** Splits the stream into pieces; `after` (a piece's position) drops what was seen before. */
export async function* readLog(
  chunks: AsyncIterable<Buffer>,
  after?: string,
): AsyncGenerator<LogPiece, void, undefined> {
  const seen = parsePosition(after);
  let at = '';
  let count = 0;
  for await (const { stream, payload } of readFrames(chunks)) {
    const space = payload.indexOf(0x20);
    const time = space < 0 ? '' : payload.toString('latin1', 0, space);
    if (!isTime(time)) throw badFrame('a frame has no time');
    // The parts of a long line carry the same time, so a position counts them.
    count = time === at ? count + 1 : 1;
    at = time;
    if (time < seen.at || (time === seen.at && count <= seen.count)) continue;
    yield { stream, bytes: payload.subarray(space + 1), at, position: `${at}/${count}` };
  }
}

/** The Engine API's `since` for a position: seconds and nanoseconds of its time. */
export function sinceParameter(after: string | undefined): string | undefined {
  if (after === undefined) return undefined;
  const { at } = parsePosition(after);
  const [seconds = '', nanos = ''] = at.replace('Z', '').split('.');
  return `${Math.floor(Date.parse(`${seconds}Z`) / 1_000)}.${nanos.padEnd(9, '0')}`;
}

function parsePosition(position: string | undefined): { at: string; count: number } {
  if (position === undefined) return { at: '', count: 0 };
  const [at = '', count = ''] = position.split('/');
  if (!isTime(at) || !/^\d{1,15}$/.test(count)) throw new Error(`no log position: ${position}`);
  return { at, count: Number(count) };
}

function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(text);
}

interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly payload: Buffer;
}

async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= headerBytes) {
      const length = rest.readUInt32BE(at + 4);
      const stream = ({ 1: 'stdout', 2: 'stderr' } as const)[rest[at] ?? 0];
      if (stream === undefined || length > limits.engineStreamLineBytes) {
        throw badFrame('the stream is not multiplexed as logs are');
      }
      const end = at + headerBytes + length;
      if (end > rest.length) break;
      yield { stream, payload: rest.subarray(at + headerBytes, end) };
      at = end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) throw badFrame('the stream ends inside a frame');
}

function badFrame(detail: string): ExecutorError {
  return new ExecutorError('bad_answer', `reading a log: ${detail}`);
}
