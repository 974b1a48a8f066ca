/**
 * A watched registry for tests: a fake registry, a database of its own with the real queue of
 * inspections, and polls on request.
 */
import { SharedRates } from '@lazaret/analysis';
import { buildImage, type BuiltImage } from '@lazaret/analysis/testing';
import { startFakeRegistry, type FakeRegistry } from '@lazaret/oci/testing';
import {
  watchSettings,
  type Registry,
  type WatchSettings,
  type TagChange,
} from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';

import { options } from '../floor/config/options.ts';
import type { Database } from '../floor/db/index.ts';
import { openInspectionQueue, type InspectionQueue } from '../inspection/index.ts';
import { addRegistry } from '../registries/change-registry.ts';
import { PollLease } from '../registries/poll-lease.ts';
import type { PollParts } from '../registries/poll-context.ts';
import { pollRegistry } from '../registries/poll-registry.ts';
import { listHistory } from '../registries/read-tags.ts';
import { readRegistry } from '../registries/store.ts';
import { createTestDatabase } from './database.ts';

export interface WatchFixture {
  readonly database: Kysely<Database>;
  readonly url: string;
  readonly queue: InspectionQueue;
  readonly registry: FakeRegistry;
  /** Of files that the API may name. */
  readonly directory: string;
  readonly parts: PollParts & { readonly queue: InspectionQueue; readonly random: () => number };
  /** Watches the fake registry; answers the id. */
  watch(settings?: Partial<WatchSettings>, address?: string): Promise<string>;
  /** Polls once, now; answers the state of the registry after it. */
  poll(id: string): Promise<Registry>;
  /** `appeared lab/app:1`, the first change first. */
  history(id: string): Promise<string[]>;
  close(): Promise<void>;
}

/** `databaseUrl` is what `inject` answers. */
export async function startWatchFixture(
  databaseUrl: string,
  registry?: FakeRegistry,
): Promise<WatchFixture> {
  const database = await createTestDatabase(databaseUrl);
  const log = pino({ level: 'silent' });
  const queue = await openInspectionQueue({ url: database.url, log, supervise: false });
  const now = (): number => Date.now();
  const fake = registry ?? (await startFakeRegistry({ now }));
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-watch-'));
  const parts: WatchFixture['parts'] = {
    ...{ database: database.handle.db, log, queue, directory, now, random: () => 0.5 },
    ...{ helperEnvironment: {}, environment: {}, dockerHost: 'unix:///var/run/docker.sock' },
    settings: options.inspection.schema.parse({}),
    sharedRates: new SharedRates({ now }),
    onChange: () => undefined,
  };
  const { db } = database.handle;
  let watched = 0;
  return {
    ...{ database: db, url: database.url, queue, registry: fake, directory, parts },
    watch: (settings = {}, address = fake.host) => {
      watched += 1;
      return addRegistry(
        {
          ...{ name: `lab-${watched}`, address, project: 'default' },
          settings: watchSettings.parse({ plainHttp: true, credentials: 'none', ...settings }),
        },
        { database: db, actor: 'ana', source: 'api', directory },
      );
    },
    async poll(id) {
      await sql`update registries set next_poll_at =
        case when id = ${id} then now() else now() + interval '1 hour' end`.execute(db);
      const lease = await PollLease.claim(parts);
      if (lease?.registry.id !== id) throw new Error(`the registry ${id} is not due`);
      await pollRegistry(parts, lease, new AbortController().signal);
      return readRegistry(db, id);
    },
    async history(id) {
      const { items } = await listHistory(db, id, { limit: 200 });
      return items.toReversed().map(describeChange);
    },
    async close() {
      await queue.close();
      await database.drop();
      await fake.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function describeChange({ change, repository, tag }: TagChange): string {
  return `${change} ${repository}:${tag}`;
}

let images = 0;

/** An image of one small layer that is like no other. */
export function buildTiny(text = ''): Promise<BuiltImage> {
  images += 1;
  const content = Buffer.from(`image ${images} ${text}`);
  return buildImage({ layers: [{ entries: [{ path: 'app', content }] }] });
}
