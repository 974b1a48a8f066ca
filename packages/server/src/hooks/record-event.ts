/**
 * The effect of an event of a notification: a push is recorded for its registry; a deletion only
 * makes the registry be asked, because senders omit many, and attackers could invent some.
 */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import {
  readWatched,
  recordDeletion,
  recordPush,
  type WatchedRegistry,
} from '../registries/index.ts';
import type { EventOutcome, RecordEvent } from './process-deliveries.ts';
import type { RegistryEvent } from './shapes/notification.ts';

export interface RecordingParts {
  readonly database: Kysely<Database>;
  /** Of files that settings of registries refer to. */
  readonly registryDirectory: string;
  /** Called when a registry has to look something up or to inspect. */
  readonly onRecorded: () => void;
}

type Recorded = Pick<EventOutcome, 'outcome' | 'detail'> & {
  readonly arrival?: string | undefined;
};

export function recordEvents(parts: RecordingParts): RecordEvent {
  const { database, registryDirectory: directory, onRecorded } = parts;
  const record = (registry: WatchedRegistry, event: RegistryEvent): Promise<Recorded> => {
    const { repository, actor } = event;
    const about = {
      ...{ repository, tag: event.tag ?? undefined, digest: event.digest ?? undefined },
      actor: actor ?? undefined,
    };
    if (event.action === 'delete') return recordDeletion(database, registry, about);
    return recordPush({ database, directory }, registry, {
      ...{ ...about, source: 'webhook' },
      mediaType: event.mediaType ?? undefined,
      eventId: event.eventId ?? undefined,
      pushedAt: event.occurredAt ?? undefined,
    });
  };
  return async (registryId, event) => {
    const registry = await readWatched(database, registryId);
    if (registry === undefined) throw new Error(`there is no registry ${registryId}`);
    const { outcome, detail, arrival } = await record(registry, event);
    if (outcome === 'recorded' || outcome === 'resolving') onRecorded();
    return { outcome, detail, arrival: arrival ?? null };
  };
}
