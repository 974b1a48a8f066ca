/**
 * Health. Live: every loop of this process turns; a dead one can only be cured by a restart, so
 * this is what a supervisor watches. Ready: also the database answers, the blob store takes
 * content, and nodes are online.
 *
 * All components are shown; the verdict counts those that the roles of this process need. Nodes
 * count where a worker runs: an instance that only serves the API stays ready when Docker is dead,
 * since it still takes jobs and shows results. A machine without Docker that runs everything is
 * not ready, says why, and serves whatever needs no container all the same.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { asProblem, limits, type Health } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database, DatabaseHandle } from '../floor/db/index.ts';
import type { LoopWatch } from './loop-watch.ts';

export interface HealthParts {
  readonly loops: LoopWatch;
  readonly database: Pick<DatabaseHandle, 'db' | 'ping'>;
  readonly blobs: ContentStore;
  readonly roles: readonly string[];
}

/** As much of the blob store as a probe needs. */
export interface ContentStore {
  put(
    content: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number },
  ): Promise<{ readonly sha256: string }>;
  delete(sha256: string): Promise<unknown>;
}

type Component = Health['components'][number];

/** The loops of this process. Asks nobody else, so that it answers when all else hangs. */
export function checkLive({ loops }: Pick<HealthParts, 'loops'>): Health {
  const components = loops.states().map(({ name, ok, idleMs, failing }): Component => {
    const turned = `last turn ${Math.round(idleMs / 1_000)} s ago`;
    const detail = failing ? `${turned}, it failed; see the log` : turned;
    return { name: `loop ${name}`, ok, detail: ok ? detail : `stands still: ${turned}` };
  });
  return { ok: components.every(({ ok }) => ok), components };
}

/** Everything, each part within its deadline. */
export async function checkReady(parts: HealthParts): Promise<Health> {
  const live = checkLive(parts);
  const [database, blobs, nodes] = await Promise.all([
    probe('database', () => pingDatabase(parts)),
    probe('blobs', () => writeBlob(parts)),
    probe('nodes', () => countNodes(parts.database.db)),
  ]);
  const needed = [...live.components, database, blobs];
  if (parts.roles.includes('worker')) needed.push(nodes);
  return {
    ok: needed.every(({ ok }) => ok),
    components: [...live.components, database, blobs, nodes],
  };
}

async function pingDatabase({ database }: HealthParts): Promise<string> {
  await database.ping(limits.readinessMs);
  return 'answers';
}

/** Content that nobody else has, so that taking it away takes nothing of anybody's. */
async function writeBlob({ blobs }: HealthParts): Promise<string> {
  const { sha256 } = await blobs.put(piece(), { maxBytes: probeBytes });
  await blobs.delete(sha256);
  return 'takes content';
}

const probeBytes = 32;

async function* piece(): AsyncGenerator<Uint8Array> {
  yield randomBytes(probeBytes);
}

async function countNodes(database: Kysely<Database>): Promise<string> {
  const nodes = await database
    .selectFrom('nodes')
    .select(['name', 'state'])
    .where('configured', '=', true)
    .limit(limits.nodes)
    .execute();
  const online = nodes.filter((node) => node.state === 'online').length;
  if (online === 0) throw new Unhealthy(`none of ${nodes.length} nodes is online`);
  return `${online} of ${nodes.length} online`;
}

/** A state that is told as it is. Other errors may hold addresses, and health is public. */
class Unhealthy extends Error {}

async function probe(name: string, work: () => Promise<string>): Promise<Component> {
  const deadline = new AbortController();
  const late = sleep(limits.readinessMs, 'late' as const, { signal: deadline.signal });
  late.catch(() => undefined);
  const working = work();
  // A probe that ends after its deadline has nobody to tell.
  working.catch(() => undefined);
  try {
    const outcome = await Promise.race([working, late.then(() => undefined)]);
    if (outcome !== undefined) return { name, ok: true, detail: outcome };
    return { name, ok: false, detail: `no answer within ${limits.readinessMs} ms` };
  } catch (error) {
    return { name, ok: false, detail: describe(error) };
  } finally {
    deadline.abort();
  }
}

function describe(error: unknown): string {
  if (error instanceof Unhealthy) return error.message;
  const code = asProblem(error)?.code ?? (error as { code?: unknown }).code;
  return typeof code === 'string' ? `fails: ${code}` : 'fails; see the log';
}

/** Shares one answer among all who ask within a moment: the probes cost disk and connections. */
export function shareAnswer<T>(
  ask: () => Promise<T>,
  { maxAgeMs, nowMs }: { readonly maxAgeMs: number; readonly nowMs: () => number },
): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedMs = 0;
  return () => {
    if (answer === undefined || nowMs() - askedMs > maxAgeMs) {
      askedMs = nowMs();
      answer = ask();
    }
    return answer;
  };
}
