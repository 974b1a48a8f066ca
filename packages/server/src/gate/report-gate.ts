/** Reports the state of this process to the database, where the API reads it. */
import { hostname } from 'node:os';

import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';
import type { Counters } from './counters.ts';
import type { GateSettings } from './gate-settings.ts';
import { gateLimits } from './limits.ts';
import type { AnswerRecorder } from './record-answers.ts';
import type { DecisionHealth } from './serve-manifest.ts';
import { removeFormer, removeReport, storeReport, sweepGate } from './store.ts';

export interface ReportParts {
  readonly database: Kysely<Database>;
  readonly settings: GateSettings;
  readonly counters: Counters;
  readonly recorder: AnswerRecorder;
  readonly waiting: () => number;
  readonly address: string;
  readonly tls: boolean;
  readonly now: () => number;
}

export class GateReporter {
  readonly #parts: ReportParts;
  readonly #health: ReportedHealth;
  readonly #id = newId();
  readonly #startedAt: Date;
  #sweptAt = 0;
  #isFirst = true;

  constructor(parts: ReportParts, health: ReportedHealth) {
    this.#parts = parts;
    this.#health = health;
    this.#startedAt = new Date(parts.now());
  }

  /** One iteration of the loop. */
  async report(): Promise<void> {
    const { database, settings, counters, recorder, waiting, address, tls, now } = this.#parts;
    const { project, registry, anonymous, undecided, unavailable } = settings;
    await storeReport(database, {
      ...{ id: this.#id, address, host: hostname(), project, startedAt: this.#startedAt },
      settings: { registry: registry ?? null, tls, anonymous, undecided, unavailable },
      state: {
        ...{ waiting: waiting(), transfers: counters.transfers },
        ...{ counters: counters.read(), durations: counters.durations.read() },
      },
      problem: this.#health.problem,
    });
    if (this.#isFirst) {
      await removeFormer(database, { id: this.#id, host: hostname(), address });
      this.#isFirst = false;
    }
    await recorder.settle();
    if (now() - this.#sweptAt < gateLimits.sweepMs) return;
    this.#sweptAt = now();
    await sweepGate(database);
  }

  async stop(): Promise<void> {
    await this.#parts.recorder.settle();
    await removeReport(this.#parts.database, this.#id);
  }
}

/** Whether decisions can be read, as pulls find out. */
export class ReportedHealth implements DecisionHealth {
  problem: string | null = null;

  succeeded(): void {
    this.problem = null;
  }

  failed(error: Error): void {
    this.problem = `decisions cannot be read: ${error.message}`;
  }
}
