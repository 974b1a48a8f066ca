/**
 * Events of refused pulls and workloads. A client that repeats a pull causes one event a minute,
 * with the number of repetitions; recording never delays or fails an answer.
 */
import type { EventType } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { gateLimits } from './limits.ts';
import { RecentMap } from './recent-map.ts';

export interface AnswerEvent {
  readonly type: Extract<
    EventType,
    'pull.denied' | 'pull.held' | 'pull.bypassed' | 'admission.denied'
  >;
  /** `registry.lab/app:1@sha256:...` */
  readonly subject: string;
  readonly actor: string;
  readonly project: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RecorderParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly onEvents: () => void;
  readonly monotonicMs: () => number;
}

interface Repeated {
  at: number;
  repetitions: number;
}

export class AnswerRecorder {
  readonly #parts: RecorderParts;
  readonly #recent = new RecentMap<string, Repeated>(gateLimits.eventsRemembered);
  /** Let through while the database was unavailable; recorded when it is back. */
  #owed: AnswerEvent[] = [];
  #owedMore = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  record(event: AnswerEvent): void {
    const key = `${event.type} ${event.subject}`;
    const now = this.#parts.monotonicMs();
    const known = this.#recent.get(key);
    if (known !== undefined && now - known.at < gateLimits.eventRepeatMs) {
      known.repetitions += 1;
      return;
    }
    const repetitions = known?.repetitions ?? 0;
    this.#recent.set(key, { at: now, repetitions: 0 });
    const data = { ...event.data, ...(repetitions > 0 && { repetitions }) };
    this.#append([{ ...event, data }]).catch((error: unknown) => {
      this.#parts.log.warn({ err: error, subject: event.subject }, 'an event was not recorded');
    });
  }

  /** An event that cannot be recorded now. */
  owe(event: AnswerEvent): void {
    if (this.#owed.length < gateLimits.eventsRemembered) this.#owed.push(event);
    else this.#owedMore += 1;
  }

  /** Records what is owed; called while the database is available. */
  async settle(): Promise<void> {
    const events = mergeOwed(this.#owed);
    if (events.length === 0) return;
    const dropped = this.#owedMore;
    this.#owed = [];
    this.#owedMore = 0;
    try {
      await this.#append(events);
    } catch (error) {
      this.#owed = [...events, ...this.#owed].slice(0, gateLimits.eventsRemembered);
      this.#owedMore += dropped;
      throw error;
    }
    if (dropped > 0) this.#parts.log.warn({ dropped }, 'more pulls passed without a decision');
  }

  async #append(events: readonly AnswerEvent[]): Promise<void> {
    await appendEvents(this.#parts.database, events);
    this.#parts.onEvents();
  }
}

/** One event for each image. */
function mergeOwed(events: readonly AnswerEvent[]): AnswerEvent[] {
  const merged = new Map<string, { event: AnswerEvent; pulls: number }>();
  for (const event of events) {
    const pulls = typeof event.data['pulls'] === 'number' ? event.data['pulls'] : 1;
    const known = merged.get(event.subject);
    if (known === undefined) merged.set(event.subject, { event, pulls });
    else known.pulls += pulls;
  }
  return [...merged.values()].map(({ event, pulls }) => ({
    ...event,
    data: { ...event.data, pulls },
  }));
}
