/** A quarantine for tests: a watched registry, a blob store, and actions that run on request. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FakeRegistry } from '@lazaret/oci/testing';
import type { QuarantineItemDetail, QuarantineMode, WatchSettings } from '@lazaret/protocol';
import { sql } from 'kysely';

import { openFileBlobStore, type BlobStore } from '../blobs/index.ts';
import { ActionLease } from '../quarantine/action-lease.ts';
import { findTarget } from '../quarantine/find-target.ts';
import { readItemDetail, readItemRow } from '../quarantine/item-store.ts';
import {
  requestQuarantine,
  requestRelease,
  type RequestParts,
} from '../quarantine/request-actions.ts';
import { runAction, type ActionParts } from '../quarantine/run-action.ts';
import { startWatchFixture, type WatchFixture } from './watch-fixture.ts';

export interface QuarantineOptions {
  readonly mode?: QuarantineMode;
  readonly confirm?: readonly string[];
}

export interface QuarantineFixture extends WatchFixture {
  readonly blobs: BlobStore;
  readonly actions: RequestParts & ActionParts & { spaceBytes: number; retentionMs: number };
  /** Removes all rows, faults and content. */
  reset(settings?: Partial<WatchSettings>): Promise<void>;
  /** Requests a quarantine; answers the id of the item. */
  request(image: string, options?: QuarantineOptions): Promise<string>;
  release(item: string, overwrite?: readonly string[]): Promise<void>;
  /** Runs what is due, or stops it with the signal as if the process was killed. */
  runDue(stopped?: AbortSignal): Promise<number>;
  show(item: string): Promise<QuarantineItemDetail>;
}

/** `databaseUrl` is what `inject` answers. */
export async function startQuarantineFixture(
  databaseUrl: string,
  registry?: FakeRegistry,
): Promise<QuarantineFixture> {
  const lab = await startWatchFixture(databaseUrl, registry);
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-quarantine-'));
  const blobs = await openFileBlobStore({ directory });
  const { database } = lab;
  const actions: QuarantineFixture['actions'] = {
    ...{ ...lab.parts, blobs, spaceBytes: 1024 ** 3, retentionMs: 0 },
  };
  const signal = new AbortController().signal;
  const caller = { actor: 'ana', signal } as const;
  return {
    ...{ ...lab, blobs, actions },
    async reset(settings = {}) {
      await sql`truncate actions, quarantine_items, quarantine_contents, events cascade`.execute(
        database,
      );
      await database.deleteFrom('registries').execute();
      for await (const { sha256 } of blobs.list()) await blobs.delete(sha256);
      lab.registry.faults.off();
      lab.registry.store.repositories.clear();
      lab.registry.store.blobs.clear();
      actions.spaceBytes = 1024 ** 3;
      actions.retentionMs = 0;
      await lab.watch(settings);
      lab.registry.requests.length = 0;
    },
    async request(image, { mode, confirm = [] } = {}) {
      const target = await findTarget(database, 'all', { image });
      return requestQuarantine(actions, target, { mode, confirm, reason: 'malware', ...caller });
    },
    async release(item, overwrite = []) {
      const row = await readItemRow(database, 'all', item);
      await requestRelease(actions, row, { reason: 'false alarm', overwrite, ...caller });
    },
    async runDue(stopped = signal) {
      let count = 0;
      for (;;) {
        const lease = await ActionLease.claim(actions);
        if (lease === undefined) return count;
        count += 1;
        try {
          await runAction(actions, lease, stopped);
        } finally {
          lease.close();
        }
      }
    },
    show: (item) => readItemDetail(database, 'all', item),
    async close() {
      await lab.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
