/**
 * Fuzzes one target in this thread: inputs that reach new code join the corpus and are mutated
 * further. Inputs are run in batches, and a batch with new coverage is bisected until the inputs
 * are found, because reading the coverage costs more than running most parsers.
 */
import { createHash } from 'node:crypto';

import type { CodeCoverage, Covered } from './code-coverage.ts';
import { inputBytes } from './fuzz-target.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { inflate, mutate } from './mutate.ts';
import type { Material } from './mutate.ts';
import { Random } from './random.ts';

export type FindingKind = 'error' | 'slow' | 'memory' | 'hang' | 'crash';

export interface FuzzFinding {
  readonly kind: FindingKind;
  /** Equal for findings that probably have the same cause. */
  readonly key: string;
  readonly detail: string;
  readonly input: Buffer;
}

export interface FuzzerOptions {
  readonly seed: number;
  /** Without it inputs are mutated without feedback. */
  readonly coverage?: CodeCoverage;
  readonly words: readonly Buffer[];
  /** Called before every execution, so that the input survives this thread. */
  readonly onInput?: (input: Buffer) => void;
  readonly onFinding: (finding: FuzzFinding) => void;
  /** Called with inputs for the corpus. */
  readonly onCorpusInput?: (input: Buffer) => void;
}

/** An input that repeatedly takes more time than this is a finding. */
export const slowMs = 1_000;
/** Four times the bytes may take this many times as long; sixteen would be quadratic. */
const growthMost = 9;
/** Growth of the process by one input that is a finding. */
const memoryBytes = 512 * 1024 * 1024;
const batchInputs = 200;
const slowPoolInputs = 8;

export class Fuzzer {
  executions = 0;
  /** The longest CPU time of an input in milliseconds, and its size. */
  slowest: { readonly ms: number; readonly sizeBytes: number } = { ms: 0, sizeBytes: 0 };
  readonly corpus: Buffer[] = [];
  readonly #target: FuzzTarget;
  readonly #options: FuzzerOptions;
  readonly #random: Random;
  readonly #material: Material;
  readonly #slowPool: { readonly ms: number; readonly input: Buffer }[] = [];
  readonly #seen = new Set<string>();
  #peakBytes = 0;

  constructor(target: FuzzTarget, options: FuzzerOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#material = {
      random: this.#random,
      words: options.words,
      other: () => this.#random.pick(this.corpus) ?? Buffer.alloc(0),
      maxBytes: target.maxBytes ?? inputBytes,
    };
  }

  /** Runs the seeds and keeps those with new coverage; all of them without coverage. */
  async plant(seeds: readonly Buffer[]): Promise<void> {
    this.#peakBytes = peakBytes();
    const fitting = seeds.filter(({ length }) => length <= this.#material.maxBytes * 4);
    for (let at = 0; at < fitting.length; at += batchInputs) {
      await this.#runBatch(fitting.slice(at, at + batchInputs));
    }
    if (this.corpus.length === 0) this.corpus.push(...fitting, Buffer.from('0'));
  }

  /** One batch of changed inputs. */
  async runBatch(count: number = batchInputs): Promise<void> {
    await this.#probeGrowth();
    const repair = (input: Buffer): Buffer =>
      this.#random.below(8) === 0 ? input : (this.#target.repair?.(input) ?? input);
    await this.#runBatch(Array.from({ length: count }, () => repair(this.#nextInput())));
  }

  #nextInput(): Buffer {
    const random = this.#random;
    // Recent inputs are mutated more often: their code is the least explored.
    const recent = this.corpus.slice(-Math.max(4, this.corpus.length >> 2));
    const base = random.pick(random.below(2) === 0 ? recent : this.corpus) ?? Buffer.alloc(0);
    const slow = random.below(50) === 0 ? random.pick(this.#slowPool)?.input : undefined;
    return mutate(slow ?? base, this.#material);
  }

  /** Repeats a part of an input n times and 4n times: the time may grow proportionally. */
  async #probeGrowth(): Promise<void> {
    const base = this.#random.pick(this.corpus);
    if (base === undefined || base.length === 0) return;
    const fill = inflate(base, this.#material);
    const [few, many] = [fill(this.#material.maxBytes >> 2), fill(this.#material.maxBytes)];
    let growth = Infinity;
    let ms = Infinity;
    for (let left = 4; left > 0 && (growth > growthMost || ms > slowMs); left -= 1) {
      const short = await this.#measure(few);
      ms = Math.min(ms, await this.#measure(many));
      growth = ms < 20 ? 0 : Math.min(growth, ms / Math.max(short, 1));
    }
    this.#noteTime(ms, many);
    if (ms > slowMs) this.#tell('slow', `${Math.round(ms)} ms for ${many.length} bytes`, many);
    if (growth <= growthMost) return;
    const detail = `${few.length} bytes to ${many.length} take ${growth.toFixed(1)} times as long`;
    this.#tell('slow', `${detail}: ${Math.round(ms)} ms`, many);
  }

  async #runBatch(batch: readonly Buffer[]): Promise<void> {
    const taken = await this.#runAll(batch);
    const { coverage } = this.#options;
    if (coverage === undefined || taken === undefined || !coverage.hasNew(taken)) return;
    await this.#keepNew(batch);
    // Coverage that depends on earlier inputs would otherwise be new forever.
    coverage.remember(taken);
  }

  async #keepNew(batch: readonly Buffer[]): Promise<void> {
    const { coverage, onCorpusInput } = this.#options;
    const taken = await this.#runAll(batch);
    if (coverage === undefined || taken === undefined || !coverage.hasNew(taken)) return;
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      coverage.remember(taken);
      this.corpus.push(only);
      onCorpusInput?.(only);
      return;
    }
    const middle = batch.length >> 1;
    await this.#keepNew(batch.slice(0, middle));
    await this.#keepNew(batch.slice(middle));
  }

  async #runAll(batch: readonly Buffer[]): Promise<Covered | undefined> {
    for (const input of batch) await this.execute(input);
    return this.#options.coverage?.take();
  }

  /** Runs one input and returns its finding. */
  async execute(input: Buffer): Promise<void> {
    this.#options.onInput?.(input);
    this.executions += 1;
    const begin = cpuMs();
    const failure = await this.#try(input);
    const ms = cpuMs() - begin;
    if (failure !== undefined) this.#tell('error', failure, input);
    if (ms > 20) await this.#noteSlow(input, ms);
    const peak = peakBytes();
    if (peak - this.#peakBytes > memoryBytes) {
      this.#tell('memory', `the process grew by ${(peak - this.#peakBytes) >> 20} MiB`, input);
    }
    this.#peakBytes = Math.max(peak, this.#peakBytes);
  }

  /** The text of an error that the target may not throw. */
  async #try(input: Buffer): Promise<string | undefined> {
    const { errors = [], run } = this.#target;
    try {
      // A copy: inputs of the corpus must not change.
      await run(Buffer.from(input));
      return undefined;
    } catch (error) {
      if (errors.some((one) => error instanceof one)) return undefined;
      if (!(error instanceof Error)) return `threw ${String(error)}`;
      return `${error.name}: ${error.message}\n${error.stack?.split('\n').slice(1, 9).join('\n')}`;
    }
  }

  /** The time is the minimum of three more runs, because of garbage collection. */
  async #noteSlow(input: Buffer, first: number): Promise<void> {
    const worst = this.#slowPool.length < slowPoolInputs ? 0 : (this.#slowPool.at(-1)?.ms ?? 0);
    if (first <= worst && first < slowMs) return;
    let ms = first;
    for (let left = first > slowMs ? 3 : 1; left > 0; left -= 1) {
      ms = Math.min(ms, await this.#measure(input));
    }
    if (ms > slowMs) this.#tell('slow', `${Math.round(ms)} ms for ${input.length} bytes`, input);
    this.#noteTime(ms, input);
    this.#slowPool.push({ ms, input });
    this.#slowPool.sort((a, b) => b.ms - a.ms);
    this.#slowPool.length = Math.min(this.#slowPool.length, slowPoolInputs);
  }

  #noteTime(ms: number, input: Buffer): void {
    if (ms > this.slowest.ms) this.slowest = { ms, sizeBytes: input.length };
  }

  async #measure(input: Buffer): Promise<number> {
    this.#options.onInput?.(input);
    this.executions += 1;
    const begin = cpuMs();
    await this.#try(input);
    return cpuMs() - begin;
  }

  #tell(kind: FindingKind, detail: string, input: Buffer): void {
    const key = findingKey(kind, detail);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#options.onFinding({ kind, key, detail, input });
  }
}

export function inputName(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}

/** Name of the error and the first place in the project; its message may quote the input. */
function findingKey(kind: FindingKind, detail: string): string {
  if (kind !== 'error') return kind;
  const place = /packages\/(?:analysis|oci|protocol)\/src\/([\w./-]+:\d+)/.exec(detail)?.[1];
  return `${/^[\w ]*/.exec(detail)?.[0]} at ${place ?? detail.split('\n', 1)[0]?.slice(0, 80)}`;
}

/** CPU time of this thread, independent of other processes. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
