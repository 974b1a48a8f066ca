/**
 * YARA rules: by default with YARA-X as WebAssembly in a thread that can be killed, or with the
 * native program where its path is given.
 */

import { scanLimits } from '../limits.ts';
import type { Scanner, ScanAnswer, ScannerDescription, ScanSubject } from '../scanner.ts';
import { describeMatch } from './describe-match.ts';
import { NativeYara } from './native-yara.ts';
import type { NativePrograms } from './native-yara.ts';
import { readRuleSet } from './rule-set.ts';
import type { RuleSet } from './rule-set.ts';
import { WasmYara } from './wasm-yara.ts';
import type { YaraEngine } from './yara-engine.ts';

export interface YaraOptions {
  /** Files, and directories with `.yar` and `.yara` files. */
  readonly rules: readonly string[];
  readonly native?: NativePrograms;
  readonly fileBytes?: number;
  readonly fileMs?: number;
  /** Threads or processes at a time. */
  readonly workers?: number;
}

export function createYaraScanner(options: YaraOptions): Scanner {
  return new YaraScanner(options);
}

interface Loaded {
  readonly rules: RuleSet;
  readonly engine: YaraEngine;
}

class YaraScanner implements Scanner {
  readonly id = 'yara';
  readonly needs = 'bytes';
  readonly #options: YaraOptions;
  readonly #fileBytes: number;
  readonly #fileMs: number;
  /** Rules are read once; a changed set is a new scanner. */
  #loading: Promise<Loaded> | undefined;
  #isClosed = false;

  constructor(options: YaraOptions) {
    this.#options = options;
    this.#fileBytes = options.fileBytes ?? scanLimits.yaraFileBytes;
    this.#fileMs = options.fileMs ?? scanLimits.yaraFileMs;
  }

  async describe(): Promise<ScannerDescription> {
    const own = `fileBytes=${this.#fileBytes} fileMs=${this.#fileMs}`;
    const bounds = `${own} matches=${scanLimits.yaraPatternMatches}`;
    try {
      const { engine, rules } = await this.#load();
      const problem = this.#isClosed ? 'the scanner was closed' : await engine.check();
      return {
        engine: engine.name,
        signatures: rules.digest,
        rules: rules.ruleCount,
        limits: bounds,
        healthy: problem === undefined,
        ...(problem === undefined ? {} : { problem }),
      };
    } catch (error) {
      const unknown = { engine: 'YARA', signatures: 'unknown', limits: bounds };
      return { ...unknown, healthy: false, problem: textOf(error) };
    }
  }

  wants(): boolean {
    return true;
  }

  async scan({ bytes }: ScanSubject, signal?: AbortSignal): Promise<ScanAnswer> {
    const answer = { state: 'failed', findings: [], reason: 'failed' } as const;
    let loaded: Loaded;
    try {
      loaded = await this.#load();
    } catch (error) {
      return { ...answer, reason: 'unhealthy', detail: textOf(error), signatures: 'unknown' };
    }
    const { engine, rules } = loaded;
    const signatures = rules.digest;
    const failed = (detail: string): ScanAnswer => ({ ...answer, detail, signatures });
    const partial = (reason: NonNullable<ScanAnswer['reason']>, detail: string): ScanAnswer => {
      return { state: 'partial', findings: [], reason, detail, signatures };
    };
    if (this.#isClosed) return failed('the scanner was closed');
    if (bytes === undefined) return failed('the bytes were not provided');
    if (bytes.length > this.#fileBytes) {
      return partial('too_large', `more than ${this.#fileBytes} bytes`);
    }
    if (signal?.aborted === true) return failed('the scan was cancelled');
    const outcome = await engine.scan(bytes, signal);
    if (outcome.kind === 'failed') return failed(outcome.detail);
    if (outcome.kind === 'timed_out') {
      return partial('timed_out', `the rules did not end within ${this.#fileMs} ms`);
    }
    const findings = outcome.matches.map((match) => describeMatch(match, rules, bytes));
    if (!outcome.isCut) return { state: 'examined', findings, signatures };
    return { ...partial('too_many', 'more matches than are read'), findings };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const loaded = await this.#loading?.catch(() => undefined);
    await loaded?.engine.close();
  }

  #load(): Promise<Loaded> {
    this.#loading ??= this.#readRules();
    return this.#loading;
  }

  async #readRules(): Promise<Loaded> {
    const { native, workers = scanLimits.yaraWorkers } = this.#options;
    const rules = await readRuleSet(this.#options.rules);
    const bounds = { fileMs: this.#fileMs, workers };
    const engine =
      native === undefined ? new WasmYara(rules, bounds) : new NativeYara(rules, native, bounds);
    return { rules, engine };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
