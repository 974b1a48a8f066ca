// Not in the quick check: YARA is compiled and grows its memory.
/**
 * Threads of YARA-X are replaced when they have grown, and a crash in one does not affect this
 * process.
 */
import { afterEach, expect, test } from 'vitest';

import type { RuleSet } from './rule-set.ts';
import { WasmYara } from './wasm-yara.ts';

const engines: WasmYara[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

function make(text: string, memoryBytes?: number): WasmYara {
  const files = [{ name: 'a.yar', path: '/a.yar', text }];
  const rules: RuleSet = { files, digest: 'x', ruleCount: 1 };
  const bounds = { fileMs: 20_000, workers: 1 };
  const engine = new WasmYara(
    rules,
    memoryBytes === undefined ? bounds : { ...bounds, memoryBytes },
  );
  engines.push(engine);
  return engine;
}

const rule = 'rule A { strings: $a = "marker" condition: $a }';

test('a thread whose module has grown is replaced, without a wrong answer', async () => {
  const engine = make(rule, 1);
  for (const text of ['marker', 'none', 'marker']) {
    const outcome = await engine.scan(Buffer.from(text));
    expect(outcome).toMatchObject({ kind: 'done', isCut: false });
    expect(outcome.kind === 'done' && outcome.matches.length).toBe(text === 'marker' ? 1 : 0);
  }
});

test('rules that break the compiler are reported as a problem, once', async () => {
  const deep = `rule A { condition: ${'('.repeat(200_000)}true${')'.repeat(200_000)} }`;
  const engine = make(deep);
  const problem = await engine.check();
  expect(problem).toBeDefined();
  expect(await engine.scan(Buffer.from('x'))).toEqual({ kind: 'failed', detail: problem });
});

test('a file is sent to the thread without the buffer that it is a part of', async () => {
  const whole = Buffer.from('before marker behind');
  const engine = make(rule);
  const part = await engine.scan(whole.subarray(0, 6));
  expect(part).toMatchObject({ kind: 'done', matches: [] });
  expect(whole.toString()).toBe('before marker behind');
});
