/**
 * The lease of one inspector on an inspection. Every write names the fence of the attempt, so that
 * an inspector whose lease expired changes nothing any more.
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
import { lockInspection, type StoredImage } from './store-report.ts';
import { storable } from '../floor/storable.ts';

export interface ClaimedInspection {
  readonly id: string;
  readonly project: string;
  readonly reference: string;
  /** File name of an uploaded archive, whose reference is its artifact. */
  readonly archiveName: string | null;
  readonly platform: string;
  readonly force: boolean;
  /** The higher, the earlier. */
  readonly priority: number;
  /** Including this one. */
  readonly attempts: number;
}

export interface LeaseParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly onChange: (inspection: string) => void;
}

export interface InspectionProblem {
  readonly code: InspectionProblemCode;
  readonly detail: string;
}

const leaseEnd = sql<Date>`now() + ${inspectionLimits.leaseMs} * interval '1 millisecond'`;

export class InspectionLease {
  readonly about: ClaimedInspection;
  readonly fence: string;
  /** A user requested cancellation. */
  isCancelled = false;
  /** Another inspector claimed it. */
  isLost = false;
  readonly #parts: LeaseParts;
  readonly #ended = new AbortController();
  readonly #files = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #phase: InspectionPhase = 'resolving';
  #done = new Set<number>();
  #total = 0;

  private constructor(parts: LeaseParts, about: ClaimedInspection, fence: string) {
    this.#parts = parts;
    this.about = about;
    this.fence = fence;
  }

  /** Undefined when it has ended meanwhile, or was started too often. */
  static async claim(parts: LeaseParts, id: string): Promise<InspectionLease | undefined> {
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
      const lease = new InspectionLease(parts, about, fence);
      if (row.attempts >= inspectionLimits.attempts) {
        const detail = `its inspector ended during the inspection ${row.attempts} times`;
        await lease.#end(trx, { state: 'failed', problem: { code: 'lost', detail } });
        return undefined;
      }
      await trx
        .updateTable('inspections')
        .set({
          ...{ state: 'running', phase: 'resolving', fence, lease_until: leaseEnd },
          attempts: row.attempts + 1,
          started_at: row.started_at ?? sql<Date>`now()`,
        })
        .where('id', '=', id)
        .execute();
      await lease.#append(trx, 'inspection.started', { attempt: row.attempts + 1 });
      return lease;
    });
  }

  /** Aborts when it is cancelled or lost. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Reports progress and renews the lease at an interval until `close`. */
  startRenewing(): void {
    const { log } = this.#parts;
    this.#timer = setInterval(() => {
      this.#beat().catch((error: unknown) => {
        log.warn(
          { err: error, inspection: this.about.id },
          'the progress of an inspection could not be written',
        );
      });
    }, inspectionLimits.progressMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  setPhase(phase: InspectionPhase): void {
    this.#phase = phase;
  }

  reportProgress(progress: InspectProgress): void {
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

  /** For another attempt: after a problem, or because this process stops, which does not count. */
  async requeue(problem?: InspectionProblem): Promise<void> {
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
      .set({ lease_until: leaseEnd, ...this.#progress() })
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
      await lockInspection(trx, { inspection: this.about.id, fence: this.fence });
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
    // The event of a cancellation was written with the request.
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
