/**
 * The multiplexed log stream of the Engine API: frames of an eight-byte header (stream number,
 * three zeros, length) and a payload that begins with the time, as requested here.
 * Source: Docker Engine API, "ContainerAttach", stream format.
 */

import { ExecutorError } from './executor.ts';
import type { LogPiece } from './executor.ts';
import { executorLimits } from './limits.ts';

const headerBytes = 8;

/** The two streams are read concurrently, so time only increases within one of them. */
const disorderMs = 10_000;

/** How far a stream was read: the time of its last frame, and how many frames had that time. */
interface Mark {
  readonly at: string;
  readonly count: number;
}
type Marks = Partial<Record<LogPiece['stream'], Mark>>;

/** Splits the stream into chunks; `after` (the position of a chunk) skips earlier ones. */
export async function* readLog(
  chunks: AsyncIterable<Buffer>,
  after?: string,
): AsyncGenerator<LogPiece, void, undefined> {
  const seen = parsePosition(after);
  const reached: Marks = { ...seen };
  const counted: Marks = {};
  for await (const { stream, payload } of readFrames(chunks)) {
    const space = payload.indexOf(0x20);
    const at = space < 0 ? '' : payload.toString('latin1', 0, space);
    if (!isTime(at)) throw badFrame('a frame has no time');
    // The parts of a long line have the same time, so a position counts them.
    const last = counted[stream];
    const mark = { at, count: last?.at === at ? last.count + 1 : 1 };
    counted[stream] = mark;
    if (!isBehind(mark, seen[stream])) continue;
    reached[stream] = mark;
    yield { stream, bytes: payload.subarray(space + 1), at, position: formatPosition(reached) };
  }
}

/** The Engine API's `since` for a position: seconds of its time, early enough to miss nothing. */
export function sinceParameter(after: string | undefined): number | undefined {
  const { stdout, stderr } = parsePosition(after);
  const times = [stdout, stderr].flatMap((mark) => (mark ? [Date.parse(mark.at)] : []));
  if (times.length === 0) return undefined;
  return Math.max(0, Math.floor((Math.min(...times) - disorderMs) / 1_000));
}

function isBehind(mark: Mark, seen: Mark | undefined): boolean {
  if (seen === undefined || mark.at > seen.at) return true;
  return mark.at === seen.at && mark.count > seen.count;
}

function formatPosition({ stdout, stderr }: Marks): string {
  return [stdout, stderr].map((mark) => (mark ? `${mark.at}/${mark.count}` : '')).join(',');
}

function parsePosition(position = ','): Marks {
  const [stdout, stderr, more] = position.split(',').map((text) => parseMark(text, position));
  if (more !== undefined) throw new Error(`invalid log position: ${position}`);
  return { ...(stdout ? { stdout } : {}), ...(stderr ? { stderr } : {}) };
}

function parseMark(text: string, position: string): Mark | undefined {
  if (text === '') return undefined;
  const [at = '', count = ''] = text.split('/');
  if (!isTime(at) || !/^\d{1,15}$/.test(count))
    throw new Error(`invalid log position: ${position}`);
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
      if (stream === undefined || length > executorLimits.engineStreamLineBytes) {
        throw badFrame('the stream is not a multiplexed log');
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
