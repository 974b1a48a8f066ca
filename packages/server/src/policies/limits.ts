/** Limits of judging. */
import { units } from '@lazaret/protocol/units';

const { minuteMs, hourMs } = units;

export const judgingLimits = {
  /** How often the loops look for arrivals, due decisions and work of judging again. */
  judgeMs: 1_000,
  /** Arrivals that are decided in one transaction. */
  arrivalsAtOnce: 50,
  /** Stored images that are judged in one transaction. */
  imagesAtOnce: 100,
  /** How often the directory of policies is read. */
  filesMs: 5_000,
  /** Policies of a project. */
  policies: 200,
  /** Exceptions of a project that are in force. */
  exceptions: 100_000,
  /** Policy documents of all projects that are kept compiled. */
  compiledPolicies: 200,
  /** Text of a reason or message in a decision. */
  textChars: 1_000,
  exceptionsPerDecision: 200,
  reasons: 100,
  /** Evidence of one rule in a decision; the total is always given. */
  evidenceItems: 20,
  /** Time for the test cases of a document in one request. */
  testRunMs: 10_000,
  /** How often images are looked for that other scanners or signatures inspected. */
  reexaminePeriodMs: 10_000,
  /** Inspections of stored images that wait or run at a time. */
  reexaminedAtOnce: 10,
  /** How long an image is not inspected again by itself. */
  reexamineMs: 1 * hourMs,
  missingListed: 20,
  /** How long a settled arrival may wait for its decision before health reports it. */
  undecidedMs: 2 * minuteMs,
} as const;
