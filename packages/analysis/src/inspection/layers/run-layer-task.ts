/** Runs a layer task in the current thread. */
import { CompressionError } from '../../archive/decompress.ts';
import type { Scanner } from '../../scan/scanner.ts';
import { openFileBytes } from '../../source/file-bytes.ts';
import { allReaders } from '../../inventory/ecosystems.ts';
import { similarityOf } from '../../digest/similarity-of.ts';
import { LayerError, examineLayer } from './examine-layer.ts';
import type { ExaminePlan } from '../walk/examine-tree.ts';
import type { LayerAnswer, LayerRunner, LayerTask, StoredBytes } from './layer-task.ts';
import type { PlannedScanner } from '../walk/scan-queue.ts';
import { unpackMembers } from '../walk/unpack-members.ts';
import type { VerdictStore } from '../../cache/verdict-store.ts';

/** State shared by the tasks of a thread. */
export interface TaskParts {
  readonly scanners: readonly Scanner[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly verdicts?: VerdictStore | undefined;
  /** The stored bytes when the task says `sent`. */
  readonly sent?: AsyncIterable<Uint8Array> | undefined;
  readonly onProgress?: ((files: number) => void) | undefined;
}

/** Never throws: every error becomes a result. */
export async function runLayerTask(task: LayerTask, parts: TaskParts): Promise<LayerAnswer> {
  try {
    const stored = storedBytes(task.stored, parts.sent);
    return { record: await examineLayer(stored, task.claims, planOf(task, parts)) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'the layer cannot be read';
    if (error instanceof LayerError) return { failure: { code: error.code, detail } };
    const code = error instanceof CompressionError ? 'unreadable' : 'crashed';
    return { failure: { code, detail } };
  }
}

/** Examines layers one after another in the current thread. */
export function inlineRunner(parts: Pick<TaskParts, 'scanners' | 'verdicts' | 'now'>): LayerRunner {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    run({ task, open, onProgress }) {
      const sent = task.stored === 'sent' ? opened(open) : undefined;
      const answer = turn.then(() => runLayerTask(task, { ...parts, sent, onProgress }));
      turn = answer;
      return answer;
    },
    close: () => Promise.resolve(),
  };
}

async function* opened(
  open: () => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* await open();
}

export function planOf(
  task: Omit<LayerTask, 'stored' | 'claims'>,
  { scanners, verdicts, now, onProgress }: TaskParts,
): ExaminePlan {
  const wanted = new Set(task.readers);
  const planned: PlannedScanner[] = [];
  for (const { id, description } of task.scanners) {
    const scanner = scanners.find((each) => each.id === id);
    if (scanner !== undefined) planned.push({ scanner, description });
  }
  return {
    readers: allReaders.filter(({ id }) => wanted.has(id)),
    scanners: planned,
    digests: task.digests,
    isLayer: true,
    similarity: task.similarity ? similarityOf : undefined,
    unpack: task.unpack ? unpackMembers({ digests: task.digests, now }) : undefined,
    verdicts,
    onProgress,
    signal: AbortSignal.timeout(task.timeMs),
  };
}

function storedBytes(
  stored: StoredBytes,
  sent: AsyncIterable<Uint8Array> | undefined,
): AsyncIterable<Uint8Array> {
  if (stored !== 'sent') return fileBytes(stored);
  if (sent === undefined) throw new Error('the bytes of this layer were not sent');
  return sent;
}

const readBytes = 1024 * 1024;

async function* fileBytes({
  path,
  ...range
}: Exclude<StoredBytes, 'sent'>): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await openFileBytes(path);
  try {
    const memory = Buffer.allocUnsafeSlow(readBytes);
    yield* file.stream({ ...range, memory });
  } finally {
    await file.close();
  }
}
