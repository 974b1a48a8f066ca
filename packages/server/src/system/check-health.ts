/**
 * Health. Live: every loop of this process makes progress; only a restart can fix one that does
 * not, so supervisors should check this. Ready: also the database responds, and the checks of the
 * slices succeed.
 *
 * All components are shown; the verdict counts those that the roles of this process need.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { asProblem, type Health } from '@lazaret/protocol';

import type { DatabaseHandle } from '../floor/db/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { Unhealthy, type HealthCheck, type Slice } from '../floor/slice.ts';
import type { LoopWatch } from './loop-watch.ts';

export interface HealthParts {
  readonly loops: LoopWatch;
  readonly database: Pick<DatabaseHandle, 'ping'>;
  readonly slices: () => readonly Slice[];
  readonly roles: readonly string[];
}

type Component = Health['components'][number];

/**
 * The loops of this process. Depends on nothing else, so it responds even when everything else
 * hangs.
 */
export function checkLive({ loops }: Pick<HealthParts, 'loops'>): Health {
  const components = loops.states().map(({ name, ok, idleMs, failing }): Component => {
    const beat = `last iteration ${Math.round(idleMs / 1_000)} s ago`;
    const detail = failing ? `${beat}, it failed; see the log` : beat;
    return { name: `loop ${name}`, ok, detail: ok ? detail : `stalled: ${beat}` };
  });
  return { ok: components.every(({ ok }) => ok), components };
}

/** Everything, each check within its deadline. */
export async function checkReady(parts: HealthParts): Promise<Health> {
  const live = checkLive(parts);
  const checks: readonly HealthCheck[] = [
    { name: 'database', check: () => pingDatabase(parts) },
    ...parts.slices().flatMap(({ health }) => health?.checks ?? []),
  ];
  const checked = await Promise.all(
    checks.map(async (one) => ({
      component: await runCheck(one),
      isNeeded: one.neededBy === undefined || parts.roles.includes(one.neededBy),
    })),
  );
  return {
    ok: live.ok && checked.every(({ component, isNeeded }) => component.ok || !isNeeded),
    components: [...live.components, ...checked.map(({ component }) => component)],
  };
}

async function pingDatabase({ database }: HealthParts): Promise<string> {
  await database.ping(serverLimits.readinessMs);
  return 'answers';
}

async function runCheck({ name, check }: HealthCheck): Promise<Component> {
  const deadline = new AbortController();
  const late = sleep(serverLimits.readinessMs, undefined, { signal: deadline.signal });
  late.catch(() => undefined);
  const running = check();
  // A check that fails after its deadline was already reported.
  running.catch(() => undefined);
  try {
    const detail = await Promise.race([running, late.then(() => undefined)]);
    if (detail !== undefined) return { name, ok: true, detail };
    return { name, ok: false, detail: `no response within ${serverLimits.readinessMs} ms` };
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
