/**
 * A gate for tests in front of a fake registry, with a real database. Decisions are written as the
 * watcher writes them after an inspection.
 */
import type { BuiltImage } from '@lazaret/analysis/testing';
import type { FakeRegistry } from '@lazaret/oci/testing';
import { watchSettings } from '@lazaret/protocol';
import { pino } from 'pino';

import { createAccess } from '../access/index.ts';
import { newId } from '../floor/ids.ts';
import type { SliceContext } from '../floor/slice.ts';
import { startGate, type RunningGate } from '../gate/index.ts';
import type { GateSettings } from '../gate/gate-settings.ts';
import { buildTiny, startWatchFixture, type WatchFixture } from './watch-fixture.ts';

export interface GateFixture extends WatchFixture {
  /** Of the registry `lab-1`. */
  readonly id: string;
  /** Another gate of the same database. */
  start(settings?: Partial<GateSettings>, context?: Partial<SliceContext>): Promise<TestGate>;
  /** Ends the inspections of a digest in a repository, with a decision. */
  settle(digest: string, decision: keyof typeof decided, repository?: string): Promise<void>;
  /** An API token with all permissions. */
  readonly token: string;
}

/** Decisions of the tests. */
const decided = {
  pass: { verdict: 'pass', action: 'none' },
  warn: { verdict: 'warn', action: 'report', reasons: ['signatures are old'] },
  fail: { verdict: 'fail', action: 'notify', reasons: ['malware: Eicar in bin/x'] },
  block: { verdict: 'fail', action: 'block', reasons: ['malware: Eicar in bin/x'] },
  quarantine: { verdict: 'fail', action: 'quarantine', reasons: ['malware: Eicar in bin/x'] },
  incomplete: { verdict: 'incomplete', action: 'report', reasons: ['no malware scanner ran'] },
  failed: { verdict: 'incomplete', action: 'report', reasons: ['the inspection failed'] },
} as const satisfies Record<string, Decided>;

interface Decided {
  readonly verdict: string;
  readonly action: string;
  readonly reasons?: readonly string[];
}

export interface TestGate {
  readonly gate: RunningGate;
  get(path: string, init?: RequestInit): Promise<Response>;
}

export const defaultGate: GateSettings = {
  ...{ project: 'default', registry: 'lab-1', names: [], anonymous: true, undecided: 'hold' },
  ...{ unavailable: 'deny', waitMs: 0, redirects: 'follow', catalog: false },
  ...{ admissionUnknown: 'deny', admissionWaitMs: 0 },
};

/** `databaseUrl` is what `inject` answers. */
export async function startGateFixture(
  databaseUrl: string,
  behind: { readonly registry?: FakeRegistry; readonly credentials?: string } = {},
): Promise<GateFixture> {
  const watched = await startWatchFixture(databaseUrl, behind.registry);
  const { database, parts, registry } = watched;
  const { credentials = 'none' } = behind;
  const id = await watched.watch(watchSettings.parse({ plainHttp: true, credentials }));
  const log = pino({ level: 'silent' });
  const access = createAccess({ database, log, publicUrl: () => '', anonymousLegacy: false });
  const running: RunningGate[] = [];
  const signal = new AbortController().signal;
  const privateHosts = [...parts.settings.registries.private, registry.storageHost];
  const inspection = {
    ...parts.settings,
    registries: {
      ...parts.settings.registries,
      private: privateHosts,
      plainHttp: [registry.storageHost],
    },
  };
  return {
    ...watched,
    id,
    token: (await access.ensureLocalToken()) ?? '',
    async start(settings = {}, context = {}) {
      const gate = await startGate({
        ...{ database, log, signal, access, sharedRates: parts.sharedRates },
        ...{ onEvents: () => undefined, wake: () => undefined, notify: () => undefined },
        changed: async () => new Promise((resolve) => setTimeout(resolve, 10)),
        clock: { now: parts.now, monotonicMs: () => performance.now() },
        connection: { ...parts, settings: inspection },
        gate: { ...defaultGate, ...settings },
        listen: { host: '127.0.0.1', port: 0 },
        certificate: undefined,
        ...context,
      });
      running.push(gate);
      const get = (path: string, init?: RequestInit): Promise<Response> =>
        fetch(`http://${gate.address}${path}`, { redirect: 'manual', ...init });
      return { gate, get };
    },
    settle: (...settled) => settle(database, id, settled),
    async close() {
      for (const gate of running) await gate.stop();
      await watched.close();
    },
  };
}

/** What the watcher writes. */
async function settle(
  database: WatchFixture['database'],
  id: string,
  [digest, decision, repository = 'lab/app']: Parameters<GateFixture['settle']>,
): Promise<void> {
  const { verdict, action, reasons = [] }: Decided = decided[decision];
  const decisionId = newId();
  const state = decision === 'failed' ? 'failed' : 'inspected';
  const updated = await database
    .updateTable('arrivals')
    .set({ state, settled_at: new Date(), decision: decisionId })
    .where('digest', '=', digest)
    .where('repository', '=', repository)
    .returning('id')
    .execute();
  const place = { registry: id, repository, digest, project: 'default' };
  const arrival = updated.at(-1)?.id ?? newId();
  if (updated.length === 0) {
    const settled = { state, settled_at: new Date(), decision: decisionId };
    const row = { ...place, id: arrival, source: 'poll', priority: 20, ...settled };
    await database.insertInto('arrivals').values(row).execute();
  }
  await database
    .insertInto('decisions')
    .values({
      ...{ ...place, id: decisionId, registry_name: 'lab-1', tags: [], trigger: 'arrival' },
      ...{ policy_name: 'lab', policy_version: 3, policy_sha256: '0'.repeat(64) },
      ...{ verdict, action, actions: '[]', reasons: [...reasons], images: '[]', rules: '[]' },
      ...{ exceptions: '[]', approved_by: 'policy', caused_by: 'watcher', arrival },
      ...{ inspected: null, previous: null },
    })
    .execute();
  const inForce = { decision: decisionId, verdict, action };
  await database
    .insertInto('decisions_in_force')
    .values({
      ...{ ...place, ...inForce, arrival, is_part: false, images: [], revision: 1 },
      outcome: '',
    })
    .onConflict((conflict) =>
      conflict.columns(['registry', 'repository', 'digest']).doUpdateSet(inForce),
    )
    .execute();
}

/** An image of a repository. */
export interface Put {
  readonly image: BuiltImage;
  readonly digest: string;
  readonly layer: string;
}

/** Puts an image that is like no other into the registry. */
export async function putTiny(lab: GateFixture, tag: string, repository: string): Promise<Put> {
  const image = await buildTiny(tag);
  lab.registry.store.putImage(repository, tag, image);
  const layer = image.layers[0]?.digest ?? '';
  return { image, digest: image.descriptor.digest, layer };
}

export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** The error of an answer. */
export async function readRefusal(answer: Response): Promise<Refused> {
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
  return { status: answer.status, code: '', message: '', ...errors[0] };
}
