/**
 * Covered parts of the source files of a target, from the block coverage of V8 in this thread. Only
 * files that are loaded after the creation of this object count.
 */
import { Session } from 'node:inspector';
import type { Profiler } from 'node:inspector';

/** Covered characters of source text, by URL of the file: one byte for each. */
export type Covered = Map<string, Uint8Array>;

export class CodeCoverage {
  readonly #session = new Session();
  readonly #isWanted: (url: string) => boolean;
  readonly #covered: Covered = new Map();
  readonly #coverable: Covered = new Map();

  constructor(isWanted: (url: string) => boolean) {
    this.#isWanted = isWanted;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** New coverage since the last call. */
  take(): Covered {
    const taken: Covered = new Map();
    for (const { url, functions } of this.#read()) {
      if (this.#isWanted(url)) taken.set(url, paint(functions, this.#coverable, url));
    }
    return taken;
  }

  hasNew(taken: Covered): boolean {
    for (const [url, run] of taken) {
      const known = this.#covered.get(url);
      if (known === undefined) return true;
      for (let at = 0; at < run.length; at += 1) if (run[at] === 1 && known[at] !== 1) return true;
    }
    return false;
  }

  remember(taken: Covered): void {
    for (const [url, run] of taken) this.#covered.set(url, unite(this.#covered.get(url), run));
  }

  /** Characters of covered functions, and of all functions. */
  get reached(): { readonly run: number; readonly all: number } {
    return { run: countOnes(this.#covered), all: countOnes(this.#coverable) };
  }

  close(): void {
    this.#session.disconnect();
  }

  #read(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      scripts = answer.result;
    });
    return scripts;
  }
}

/** Ranges are ordered from outer to inner; inner ones take precedence. */
function paint(
  functions: readonly Profiler.FunctionCoverage[],
  coverable: Covered,
  url: string,
): Uint8Array {
  const end = Math.max(0, ...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0));
  const run = new Uint8Array(end);
  const all = new Uint8Array(end);
  for (const { functionName, ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      run.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    const [whole] = ranges;
    // The module itself is not a function that an input could reach.
    if (whole === undefined || (functionName === '' && whole.startOffset === 0)) continue;
    all.fill(1, whole.startOffset, whole.endOffset);
  }
  coverable.set(url, unite(coverable.get(url), all));
  for (let at = 0; at < end; at += 1) if (all[at] !== 1) run[at] = 0;
  return run;
}

function unite(one: Uint8Array | undefined, other: Uint8Array): Uint8Array {
  if (one === undefined) return other.slice();
  const [long, short] = one.length >= other.length ? [one, other] : [other.slice(), one];
  for (let at = 0; at < short.length; at += 1) if (short[at] === 1) long[at] = 1;
  return long;
}

function countOnes(covered: Covered): number {
  let count = 0;
  for (const flags of covered.values()) for (const flag of flags) count += flag;
  return count;
}
