/**
 * The effect of an event of a notification: a push is recorded for its registry; a deletion only
 * makes the registry be asked, because senders omit many, and attackers could invent some.
 */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { readWatched, recordDeletion, recordPush } from '../registries/index.ts';
import type { RecordEvent } from './process-deliveries.ts';

export interface RecordingParts {
  readonly database: Kysely<Database>;
  /** Of files that settings of registries refer to. */
  readonly registryDirectory: string;
  /** Called when a registry has to look something up or to inspect. */
  readonly onRecorded: () => void;
}

export function recordEvents(parts: RecordingParts): RecordEvent {
  const { database, registryDirectory: directory, onRecorded } = parts;
  return async (registryId, event) => {
    const { action, repository, tag, digest, mediaType, actor, eventId, occurredAt } = event;
    const registry = await readWatched(database, registryId);
    if (registry === undefined) throw new Error(`there is no registry ${registryId}`);
    if (action === 'delete') {
      const deletion = await recordDeletion(database, registry, {
        ...{ repository, tag: tag ?? undefined, digest: digest ?? undefined },
        actor: actor ?? undefined,
      });
      if (deletion.outcome === 'resolving') onRecorded();
      return { ...deletion, arrival: null };
    }
    const push = await recordPush({ database, directory }, registry, {
      ...{ repository, source: 'webhook' },
      tag: tag ?? undefined,
      digest: digest ?? undefined,
      mediaType: mediaType ?? undefined,
      actor: actor ?? undefined,
      eventId: eventId ?? undefined,
      pushedAt: occurredAt ?? undefined,
    });
    if (push.outcome === 'recorded' || push.outcome === 'resolving') onRecorded();
    return { ...push, arrival: push.arrival ?? null };
  };
}
