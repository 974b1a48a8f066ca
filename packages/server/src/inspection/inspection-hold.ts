/**
 * An inspection in the hands of one inspector. Every write names the fence of the attempt, so that
 * an inspector that was thought gone changes nothing any more.
 */
import type { InspectProgress } from '@lazaret/analysis';
import type { EventType, InspectionPhase, InspectionProblemCode } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Logger } from 'pino';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { inspectionLimits } from './limits.ts';
import { holdInspection, type StoredImage } from './store-report.ts';
import { storable } from './storable.ts';

export interface TakenInspection {
  readonly id: string;
  readonly project: string;
  readonly reference: string;
  /** What an uploaded archive was called; the reference is its artifact then. */
  readonly archiveName: string | null;
  readonly platform: string;
  readonly force: boolean;
  /** With this one. */
  readonly attempts: number;
}

export interface HoldParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly onChange: (inspection: string) => void;
}

export interface InspectionProblem {
  readonly code: InspectionProblemCode;
  readonly detail: string;
}

const lease = sql<Date>`now() + ${inspectionLimits.leaseMs} * interval '1 millisecond'`;

export class InspectionHold {
  readonly about: TakenInspection;
  readonly fence: string;
  /** Somebody asked for its end. */
  isCancelled = false;
  /** Another inspector has it. */
  isLost = false;
  readonly #parts: HoldParts;
  readonly #ended = new AbortController();
  readonly #files = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #phase: InspectionPhase = 'resolving';
  #done = new Set<number>();
  #total = 0;

  private constructor(parts: HoldParts, about: TakenInspection, fence: string) {
    this.#parts = parts;
    this.about = about;
    this.fence = fence;
  }

  /** Undefined when there is nothing to do: ended meanwhile, or begun too often. */
  static async take(parts: HoldParts, id: string): Promise<InspectionHold | undefined> {
    const fence = newId();
    return transaction(parts.database, async (trx) => {
      const row = await trx
        .selectFrom('inspections')
        .selectAll()
        .where('id', '=', id)
        .where('state', 'in', ['queued', 'running'])
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { archive_name: archiveName } = row;
      const about = { ...row, archiveName, attempts: row.attempts + 1 };
      const hold = new InspectionHold(parts, about, fence);
      if (row.attempts >= inspectionLimits.attempts) {
        const detail = `its inspector ended in the middle of it ${row.attempts} times`;
        await hold.#end(trx, { state: 'failed', problem: { code: 'lost', detail } });
        return undefined;
      }
      await trx
        .updateTable('inspections')
        .set({
          ...{ state: 'running', phase: 'resolving', fence, lease_until: lease },
          attempts: row.attempts + 1,
          started_at: row.started_at ?? sql<Date>`now()`,
        })
        .where('id', '=', id)
        .execute();
      await hold.#append(trx, 'inspection.started', { attempt: row.attempts + 1 });
      return hold;
    });
  }

  /** Aborts when it is cancelled or lost. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Tells how far it is and renews the lease, now and then until `close`. */
  keep(): void {
    const { log } = this.#parts;
    this.#timer = setInterval(() => {
      this.#beat().catch((error: unknown) => {
        log.warn({ err: error, inspection: this.about.id }, 'its progress could not be written');
      });
    }, inspectionLimits.progressMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  setPhase(phase: InspectionPhase): void {
    this.#phase = phase;
  }

  tell(progress: InspectProgress): void {
    if (progress.phase === 'listed') {
      this.#total = progress.layers;
      return;
    }
    this.#files.set(progress.index, progress.files);
    if (progress.state !== 'examining') this.#done.add(progress.index);
  }

  async finish(images: readonly StoredImage[]): Promise<void> {
    await this.#write(async (trx) => {
      await trx.deleteFrom('inspection_images').where('inspection', '=', this.about.id).execute();
      for (const [position, image] of images.entries()) {
        const row = { inspection: this.about.id, position, ...image };
        await trx.insertInto('inspection_images').values(row).execute();
      }
      await this.#end(trx, { state: 'finished', images: images.map(({ digest }) => digest) });
    });
  }

  async fail(problem: InspectionProblem): Promise<void> {
    await this.#write((trx) => this.#end(trx, { state: 'failed', problem }));
  }

  async endCancelled(): Promise<void> {
    await this.#write((trx) => this.#end(trx, { state: 'cancelled' }));
  }

  /** For another attempt: after a problem, or because this process stops, which is no attempt. */
  async putBack(problem?: InspectionProblem): Promise<void> {
    await this.#write(async (trx) => {
      await trx
        .updateTable('inspections')
        .set({
          ...{ state: 'queued', phase: 'waiting', fence: null, lease_until: null },
          ...(problem === undefined
            ? { attempts: this.about.attempts - 1 }
            : { problem_code: problem.code, problem_detail: cut(problem.detail) }),
        })
        .where('id', '=', this.about.id)
        .execute();
    });
  }

  async #beat(): Promise<void> {
    const row = await this.#parts.database
      .updateTable('inspections')
      .set({ lease_until: lease, ...this.#progress() })
      .where('id', '=', this.about.id)
      .where('fence', '=', this.fence)
      .where('state', '=', 'running')
      .returning('cancel_requested_at')
      .executeTakeFirst();
    this.#parts.onChange(this.about.id);
    this.isLost = row === undefined;
    this.isCancelled = row !== undefined && row.cancel_requested_at !== null;
    if (this.isLost || this.isCancelled) this.#ended.abort();
  }

  #progress() {
    return {
      phase: this.#phase,
      layers_done: this.#done.size,
      layers_total: this.#total,
      files_seen: [...this.#files.values()].reduce((sum, files) => sum + files, 0),
    };
  }

  async #write(work: (trx: Transaction<Database>) => Promise<void>): Promise<void> {
    this.close();
    await transaction(this.#parts.database, async (trx) => {
      await holdInspection(trx, { inspection: this.about.id, fence: this.fence });
      await work(trx);
    });
  }

  async #end(
    trx: Transaction<Database>,
    end: {
      readonly state: 'finished' | 'failed' | 'cancelled';
      readonly problem?: InspectionProblem;
      readonly images?: readonly string[];
    },
  ): Promise<void> {
    const { state, problem, images } = end;
    await trx
      .updateTable('inspections')
      .set({
        ...this.#progress(),
        ...{ state, phase: 'ended', lease_until: null, finished_at: sql<Date>`now()` },
        problem_code: problem?.code ?? null,
        problem_detail: problem === undefined ? null : cut(problem.detail),
      })
      .where('id', '=', this.about.id)
      .execute();
    // Who cancelled it has told so.
    if (state === 'cancelled') return;
    await this.#append(trx, `inspection.${state}`, { ...problem, ...(images && { images }) });
  }

  async #append(trx: Transaction<Database>, type: EventType, data: object): Promise<void> {
    const { id: subject, project, reference } = this.about;
    const event = { type, subject, project, actor: 'inspector', data: { reference, ...data } };
    await appendEvents(trx, [event]);
  }
}

function cut(text: string): string {
  return storable(text.slice(0, inspectionLimits.detailChars));
}
