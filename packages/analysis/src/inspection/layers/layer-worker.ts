/**
 * The worker thread that examines layers: one task at a time, with its own scanners, which are
 * those of one inspection after another.
 */
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { openCache, type AnalysisCache } from '../../cache/open-cache.ts';
import { createScanners } from '../../scan/create-scanners.ts';
import type { LayerTask } from './layer-task.ts';
import { packAnswer } from './packed-answer.ts';
import { receiveBytes } from '../../source/piped-bytes.ts';
import { runLayerTask, type TaskParts } from './run-layer-task.ts';
import type { GivenScannerSettings } from '../../scan/scanner-module.ts';

export interface WorkerSettings {
  readonly scanners: GivenScannerSettings;
  readonly cacheDirectory?: string | undefined;
  /** Milliseconds since 1970 at the start, to compute the age of signatures. */
  readonly nowMs: number;
}

/** Settings come before the tasks of an inspection; undefined ones end it. */
export type WorkerRequest = TaskRequest | { readonly settings: WorkerSettings | undefined };

interface TaskRequest {
  readonly task: LayerTask;
  readonly port?: MessagePort;
}

export interface WorkerProgress {
  readonly files: number;
}

const port = parentPort;
if (port === null) throw new Error('layer-worker.ts runs as a worker thread only');
let current: Pick<TaskParts, 'scanners'> & { readonly cache: AnalysisCache | undefined } = {
  ...{ scanners: [], cache: undefined },
};

port.on('message', (request: WorkerRequest) => {
  if ('task' in request) void answer(request);
  else change(request.settings);
});

/** Between tasks: to the scanners and the cache of another inspection. */
function change(settings: WorkerSettings | undefined): void {
  for (const scanner of current.scanners) scanner.close().catch(() => undefined);
  current.cache?.close();
  current = {
    scanners:
      settings === undefined
        ? []
        : createScanners(settings.scanners, { now: () => settings.nowMs }),
    cache: settings?.cacheDirectory === undefined ? undefined : openCache(settings.cacheDirectory),
  };
}

async function answer({ task, port: bytes }: TaskRequest): Promise<void> {
  const { scanners, cache } = current;
  const result = await runLayerTask(task, {
    scanners,
    now: () => performance.now(),
    verdicts: cache,
    sent: bytes === undefined ? undefined : receiveBytes(bytes),
    onProgress: (files) => port?.postMessage({ files } satisfies WorkerProgress),
  });
  // the thread may be ended as soon as it has answered
  cache?.flush();
  const { message, transfer } = packAnswer(result);
  port?.postMessage(message, transfer);
}
