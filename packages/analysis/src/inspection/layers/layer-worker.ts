/** The worker thread that examines layers: one task at a time, with its own scanners. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { openCache } from '../../cache/open-cache.ts';
import { createScanners } from '../../scan/create-scanners.ts';
import type { LayerTask } from './layer-task.ts';
import { packAnswer } from './packed-answer.ts';
import { receiveBytes } from '../../source/piped-bytes.ts';
import { runLayerTask } from './run-layer-task.ts';
import type { GivenScannerSettings } from '../../scan/scanner-module.ts';

export interface WorkerSettings {
  readonly scanners: GivenScannerSettings;
  readonly cacheDirectory?: string | undefined;
  /** Milliseconds since 1970 at the start, to compute the age of signatures. */
  readonly nowMs: number;
}

export interface WorkerRequest {
  readonly task: LayerTask;
  readonly port?: MessagePort;
}

export interface WorkerProgress {
  readonly files: number;
}

const port = parentPort;
if (port === null) throw new Error('layer-worker.ts runs as a worker thread only');
const settings = workerData as WorkerSettings;
const scanners = createScanners(settings.scanners, { now: () => settings.nowMs });
const cache =
  settings.cacheDirectory === undefined ? undefined : openCache(settings.cacheDirectory);

port.on('message', (request: WorkerRequest) => {
  void answer(request);
});

async function answer({ task, port: bytes }: WorkerRequest): Promise<void> {
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
