/** A test notification: sent at once, by the process that was asked, and not retried. */
import type { Event, TargetTest } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { createMessage } from './message.ts';
import { openSender } from './open-sender.ts';
import type { SendParts } from './sender.ts';
import { resumeTarget, type Target } from './target-store.ts';

export interface TestParts extends SendParts {
  readonly database: Kysely<Database>;
}

/** Sends and records the result; a target that works again is resumed. */
export async function testTarget(
  parts: TestParts,
  target: Target,
  caller: { readonly actor: string; readonly signal: AbortSignal },
): Promise<TargetTest> {
  const { actor, signal } = caller;
  const startedMs = parts.now();
  const id = newId(startedMs);
  const event: Event = {
    ...{ cursor: '', type: 'notification.tested' as const, at: new Date(startedMs).toISOString() },
    ...{ project: null, subject: target.name, actor, data: { test: true } },
  };
  const sender = openSender(target, parts);
  try {
    const message = createMessage(id, event, parts.publicUrl);
    const { outcome, status, detail } = await sender.send([message], signal);
    const ok = outcome === 'delivered';
    await transaction(parts.database, async (trx) => {
      if (ok) await resumeTarget(trx, target.id);
      const data = { ok, status, detail };
      await appendEvents(trx, [{ type: 'notification.tested', subject: target.name, actor, data }]);
    });
    return { ok, status, detail, durationMs: Math.round(parts.now() - startedMs) };
  } finally {
    await sender.close();
  }
}
