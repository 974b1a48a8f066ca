/** Whether the notifications of a registry arrive, for the check of the registry. */
import type { RegistryCheck } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';

interface HookState {
  readonly name: string;
  readonly received_at: Date | null;
  readonly refused: number;
  readonly refused_at: Date | null;
  readonly refused_reason: string | null;
}

/** The state of the hook that received something last; test deliveries do not count. */
export async function checkNotifications(
  database: Kysely<Database>,
  registry: string,
): Promise<Omit<RegistryCheck, 'name'>> {
  const { rows } = await sql<HookState>`
    select hooks.name, hooks.refused, hooks.refused_at, hooks.refused_reason,
      (select max(received_at) from hook_deliveries d
        where d.hook = hooks.id and not d.test) as received_at
    from hooks where hooks.registry = ${registry}
    order by received_at desc nulls last, hooks.name limit 1`.execute(database);
  const [hook] = rows;
  if (hook === undefined) {
    return { state: 'unknown', detail: 'no hook: add one with `lazaret hooks add`' };
  }
  const { name, received_at: received, refused_at: refusedAt } = hook;
  const isRefused = refusedAt !== null && (received === null || refusedAt > received);
  const refusal = `the hook ${name} refused a request at ${refusedAt?.toISOString()}: ${hook.refused_reason}`;
  if (isRefused) return { state: received === null ? 'failed' : 'warning', detail: refusal };
  if (received === null) {
    return { state: 'warning', detail: `the hook ${name} has received nothing yet` };
  }
  const at = received.toISOString();
  return { state: 'ok', detail: `the hook ${name} received a notification at ${at}` };
}
