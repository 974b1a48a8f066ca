/**
 * Runs scanners concurrently with the walk, with a limit on files and bytes at once, so that a slow
 * scanner slows down the walk instead of filling memory.
 */
import type { Gap } from '@lazaret/protocol';

import { scanLimits } from '../../scan/limits.ts';
import type { ScanAnswer, ScanSubject, Scanner, ScannerDescription } from '../../scan/scanner.ts';
import { inspectionLimits } from './limits.ts';
import type { OfFile, RecordedFinding, ScanRecord } from './tree-record.ts';
import { isCacheableAnswer, scanProfile, verdictKey } from '../../cache/verdict-store.ts';
import type { VerdictStore } from '../../cache/verdict-store.ts';

export interface PlannedScanner {
  readonly scanner: Scanner;
  readonly description: ScannerDescription;
}

interface Tally {
  readonly planned: PlannedScanner;
  readonly profile: string;
  readonly findings: OfFile<RecordedFinding>[];
  readonly gaps: OfFile<Gap>[];
  examined: number;
  cached: number;
  partial: number;
  failed: number;
  /** Number of findings and gaps beyond the limit. */
  unlisted: number;
}

export interface ScanQueueOptions {
  readonly verdicts?: VerdictStore | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class ScanQueue {
  readonly #tallies: readonly Tally[];
  readonly #verdicts: VerdictStore | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<void>>();
  #bytes = 0;

  constructor(scanners: readonly PlannedScanner[], { verdicts, signal }: ScanQueueOptions) {
    this.#tallies = scanners.map((planned) => ({
      planned,
      profile: scanProfile(planned.scanner, planned.description),
      ...{ findings: [], gaps: [], examined: 0, cached: 0, partial: 0, failed: 0, unlisted: 0 },
    }));
    this.#verdicts = verdicts;
    this.#signal = signal;
  }

  /** Whether a scanner will want the bytes of a file; digests are not known yet. */
  wantsBytes(subject: Omit<ScanSubject, 'sha256'>): boolean {
    return this.#tallies.some(
      ({ planned: { scanner } }) =>
        scanner.needs === 'bytes' && scanner.wants({ ...subject, sha256: '' }),
    );
  }

  /**
   * Starts every scanner that wants the file. Resolves when there is capacity for the next one, not
   * when the results are there. The bytes must not change until `finish`.
   */
  async add(row: number, subject: ScanSubject): Promise<void> {
    for (const tally of this.#tallies) {
      if (tally.planned.scanner.wants(subject)) await this.#ask(tally, row, subject);
    }
  }

  /** Waits for all results and returns them by scanner. */
  async finish(): Promise<Record<string, ScanRecord>> {
    await Promise.all(this.#running);
    return Object.fromEntries(
      this.#tallies.map((tally) => {
        const { planned, findings, gaps, examined, cached, partial, failed } = tally;
        return [
          planned.scanner.id,
          {
            signatures: planned.description.signatures,
            findings: findings.toSorted(inOrder),
            gaps: [...gaps, ...tooMany(tally)].toSorted(inOrder),
            ...{ examined, cached, partial, failed },
          },
        ];
      }),
    );
  }

  async #ask(tally: Tally, row: number, subject: ScanSubject): Promise<void> {
    const { scanner, description } = tally.planned;
    const key = verdictKey(subject, scanner, tally.profile);
    const known = this.#verdicts?.get(key);
    if (known !== undefined) {
      tally.cached += 1;
      recordAnswer(tally, { row, subject, answer: known });
      return;
    }
    if (scanner.needs === 'bytes' && subject.bytes === undefined) {
      recordAnswer(tally, { row, subject, answer: tooLarge(subject, description) });
      return;
    }
    const sizeBytes = scanner.needs === 'bytes' ? subject.sizeBytes : 0;
    await this.#waitForCapacity(sizeBytes);
    this.#bytes += sizeBytes;
    const run = scanner.scan(subject, this.#signal).then((answer) => {
      if (isCacheableAnswer(answer, description)) this.#verdicts?.put(key, answer);
      recordAnswer(tally, { row, subject, answer });
      this.#bytes -= sizeBytes;
      this.#running.delete(run);
    });
    this.#running.add(run);
  }

  async #waitForCapacity(sizeBytes: number): Promise<void> {
    while (
      this.#running.size >= scanLimits.scansAtOnce ||
      (this.#running.size > 0 && this.#bytes + sizeBytes > inspectionLimits.scanBytesAtOnce)
    ) {
      await Promise.race(this.#running);
    }
  }
}

interface Answered {
  readonly row: number;
  readonly subject: ScanSubject;
  readonly answer: ScanAnswer;
}

function recordAnswer(tally: Tally, { row, subject, answer }: Answered): void {
  tally.examined += 1;
  for (const each of answer.findings) {
    if (tally.findings.length >= inspectionLimits.layerNotes) tally.unlisted += 1;
    else tally.findings.push([row, { ...each, path: subject.path, sha256: subject.sha256 }]);
  }
  if (answer.state === 'examined') return;
  tally[answer.state] += 1;
  const by = tally.planned.scanner.id;
  const reason = answer.reason ?? (answer.state === 'failed' ? 'failed' : 'too_large');
  const detail = answer.detail ?? `${by} answered ${answer.state}`;
  if (tally.gaps.length >= inspectionLimits.layerNotes) tally.unlisted += 1;
  else tally.gaps.push([row, { by, reason, detail, path: subject.path }]);
}

function tooMany({ planned, unlisted }: Tally): OfFile<Gap>[] {
  if (unlisted === 0) return [];
  const detail = `${unlisted} more findings and gaps than the limit`;
  return [[-1, { by: planned.scanner.id, reason: 'too_many', detail }]];
}

function tooLarge(subject: ScanSubject, description: ScannerDescription): ScanAnswer {
  const detail = `${subject.sizeBytes} bytes (limit ${scanLimits.scanFileBytes})`;
  const { signatures } = description;
  return { state: 'partial', findings: [], reason: 'too_large', detail, signatures };
}

/** Results arrive in any order; records must be reproducible. */
function inOrder(a: OfFile<Ordered>, b: OfFile<Ordered>): number {
  return a[0] - b[0] || compare(a[1].path, b[1].path) || compare(a[1].rule, b[1].rule);
}

interface Ordered {
  readonly path?: string | undefined;
  readonly rule?: string | undefined;
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}
