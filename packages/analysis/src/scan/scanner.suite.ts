/** Requirements for every scanner. Runs on the real engine of each. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';

import type { Scanner, ScanAnswer, ScanSubject } from './scanner.ts';

/** A scanner and files with known results. */
export interface ScannerRig {
  readonly scanner: Scanner;
  /** A file with a finding, and the rule that matches. */
  readonly bad: { readonly bytes: Buffer; readonly rule: string };
  readonly clean: Buffer;
  /** The largest file that it examines, if it has such a limit. */
  readonly fileBytes?: number;
  /** Stops its engine permanently, if it is outside this process. */
  readonly breakEngine?: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The input from a walk for these bytes. */
export function subjectOf(bytes: Buffer, path = 'some/file'): ScanSubject {
  const digest = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
  const digests = { sha256: digest('sha256'), sha1: digest('sha1'), md5: digest('md5') };
  return { path, sizeBytes: bytes.length, ...digests, kind: 'data', mode: 0o644, bytes };
}

/** Runs the suite; `make` creates a new harness in each test. */
export function describeScanner(name: string, make: () => Promise<ScannerRig>): void {
  const rigs: ScannerRig[] = [];
  const rig = async (): Promise<ScannerRig> => {
    const made = await make();
    rigs.push(made);
    return made;
  };
  afterEach(async () => {
    for (const { scanner, close } of rigs.splice(0)) {
      await scanner.close();
      await close();
    }
  });
  describe(`${name}, as every scanner`, () => {
    describeAnswers(rig);
    describeFailures(rig);
  });
}

type Rig = () => Promise<ScannerRig>;

function describeAnswers(rig: Rig): void {
  test('describes itself the same each time', async () => {
    const { scanner } = await rig();
    const description = await scanner.describe();
    expect(description).toMatchObject({ healthy: true, limits: expect.any(String) });
    expect(description.problem).toBeUndefined();
    expect(description.signatures).not.toBe('');
    expect(await scanner.describe()).toEqual(description);
  });

  test('reports no finding in a clean file and an empty one', async () => {
    const { scanner, clean } = await rig();
    const { signatures } = await scanner.describe();
    for (const bytes of [clean, Buffer.alloc(0)]) {
      const answer = await scanner.scan(subjectOf(bytes));
      expect(answer).toEqual({ state: 'examined', findings: [], signatures });
    }
  });

  test('reports the name of the rule, and the signatures of the result', async () => {
    const { scanner, bad } = await rig();
    const { signatures } = await scanner.describe();
    const answer = await scanner.scan(subjectOf(bad.bytes));
    expect(answer).toMatchObject({ state: 'examined', signatures });
    expect(answer.findings.map(({ rule }) => rule)).toEqual([bad.rule]);
    for (const finding of answer.findings) expect(finding.title).not.toBe('');
  });

  test('answers in plain JSON', async () => {
    const { scanner, bad } = await rig();
    for (const value of [await scanner.describe(), await scanner.scan(subjectOf(bad.bytes))]) {
      expect(JSON.parse(JSON.stringify(value))).toEqual(value);
    }
  });

  test('returns the right result to each of several parallel calls', async () => {
    const { scanner, bad, clean } = await rig();
    const files = Array.from({ length: 40 }, (_, index) => (index % 3 === 0 ? bad.bytes : clean));
    const answers = await Promise.all(files.map((bytes) => scanner.scan(subjectOf(bytes))));
    const found = answers.map(({ findings }) => findings.length);
    expect(found).toEqual(files.map((bytes) => (bytes === bad.bytes ? 1 : 0)));
    expect(answers.every(({ state }) => state === 'examined')).toBe(true);
  });

  test('does not change the bytes', async () => {
    const { scanner, bad } = await rig();
    const bytes = Buffer.from(bad.bytes);
    await scanner.scan(subjectOf(bytes));
    expect(bytes).toEqual(bad.bytes);
  });

  test('a file above its limit is partial, and not clean', async () => {
    const { scanner, bad, fileBytes } = await rig();
    if (fileBytes === undefined) return;
    await scanner.describe();
    const long = Buffer.alloc(fileBytes + 1);
    bad.bytes.copy(long, long.length - bad.bytes.length);
    const over = await scanner.scan(subjectOf(long));
    expect(over).toMatchObject({ state: 'partial', reason: 'too_large' });
    expect(over.detail).not.toBe('');
    const within = await scanner.scan(subjectOf(long.subarray(1)));
    expect(within.state).toBe('examined');
    expect(within.findings).toHaveLength(1);
  });
}

function describeFailures(rig: Rig): void {
  test('fails with a reason when a scan is cancelled before it started', async () => {
    const { scanner, bad } = await rig();
    if (scanner.needs === 'digests') return;
    expectFailure(await scanner.scan(subjectOf(bad.bytes), AbortSignal.abort()));
  });

  test('works after a scan was cancelled while it ran', async () => {
    const { scanner, bad } = await rig();
    const controller = new AbortController();
    const running = scanner.scan(subjectOf(bad.bytes), controller.signal);
    controller.abort();
    // Either the result or the abort was first; never clean.
    const answer = await running;
    expect(answer.state === 'failed' || answer.findings.length === 1).toBe(true);
    const next = await scanner.scan(subjectOf(bad.bytes));
    expect(next.findings).toHaveLength(1);
  });

  test('returns a result without the required bytes, and not clean', async () => {
    const { scanner, clean } = await rig();
    if (scanner.needs === 'digests') return;
    const { bytes: _, ...subject } = subjectOf(clean);
    expectFailure(await scanner.scan(subject));
  });

  test('a stopped engine reports neither findings nor clean files', async () => {
    const { scanner, bad, clean, breakEngine } = await rig();
    if (breakEngine === undefined) return;
    await scanner.scan(subjectOf(clean));
    await breakEngine();
    const description = await scanner.describe();
    expect(description.healthy).toBe(false);
    expect(description.problem).not.toBe('');
    for (const bytes of [bad.bytes, clean]) expectFailure(await scanner.scan(subjectOf(bytes)));
  });

  test('closes twice, ends running scans, and never reports clean afterwards', async () => {
    const { scanner, bad, clean } = await rig();
    const running = scanner.scan(subjectOf(bad.bytes));
    await scanner.close();
    await scanner.close();
    const answer = await running;
    expect(answer.state === 'failed' || answer.findings.length === 1).toBe(true);
    if (scanner.needs === 'bytes') expectFailure(await scanner.scan(subjectOf(clean)));
    expect(await scanner.describe()).toMatchObject({ engine: expect.any(String) });
  });
}

function expectFailure(answer: ScanAnswer): void {
  expect(answer).toMatchObject({ state: 'failed', findings: [] });
  expect(answer.reason).toBeDefined();
  expect(answer.detail ?? '').not.toBe('');
  expect(typeof answer.signatures).toBe('string');
}
