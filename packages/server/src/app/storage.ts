/** Storage of a process: the database, its locks, the blobs, and the queue. */
import { join } from 'node:path';

import type { Logger } from 'pino';

import { openFileBlobStore, type BlobStore } from '../blobs/index.ts';
import { configuredNodes, type Configuration } from '../floor/config/index.ts';
import {
  migrate,
  openDatabase,
  startEmbeddedDatabase,
  type DatabaseHandle,
} from '../floor/db/index.ts';
import { openInspectionQueue, type InspectionQueue } from '../inspection/index.ts';
import { ensureInstance } from './instance.ts';

export interface Storage {
  readonly handle: DatabaseHandle;
  /** Connections that only hold locks. */
  readonly locks: DatabaseHandle;
  readonly blobs: BlobStore;
  /** Of inspections. */
  readonly queue: InspectionQueue;
  readonly instance: string;
}

/** Opens and migrates everything; `cleanup` closes it in the reverse order. */
export async function openStorage(
  parts: { readonly values: Configuration; readonly log: Logger; readonly directory: string },
  cleanup: AsyncDisposableStack,
): Promise<Storage> {
  const { values, log, directory } = parts;
  const key = values.encryptionKey === '' ? undefined : Buffer.from(values.encryptionKey, 'hex');
  const blobs = openFileBlobStore({ directory: join(directory, 'blobs'), key });
  // Awaited below; until then a failure must not be reported as unhandled.
  blobs.catch(() => undefined);
  const url = values.databaseUrl === '' ? await startEmbedded(parts, cleanup) : values.databaseUrl;
  const onConnectionLost = (error: Error): void => {
    log.warn({ err: error }, 'database connection lost');
  };
  const handle = await openDatabase({ url, onConnectionLost });
  cleanup.defer(() => handle.close());
  await migrate(handle);
  const locks = await openDatabase({
    url,
    applicationName: 'lazaret locks',
    connections: configuredNodes(values).length + values.inspection.concurrency + 2,
    onConnectionLost,
  });
  cleanup.defer(() => locks.close());
  const supervise = values.roles.includes('inspector');
  const queue = await openInspectionQueue({ url, log, supervise });
  cleanup.defer(() => queue.close());
  const instance = await ensureInstance(handle.db);
  return { handle, locks, queue, instance, blobs: await blobs };
}

async function startEmbedded(
  { log, directory }: { readonly log: Logger; readonly directory: string },
  cleanup: AsyncDisposableStack,
): Promise<string> {
  const embedded = await startEmbeddedDatabase({
    dataDirectory: directory,
    onState: (state) => log.debug({ state }, 'database'),
  });
  cleanup.defer(() => embedded.stop());
  return embedded.url;
}
