/** Bounds of policies: documents, expressions, facts and the work of an evaluation. */
import { limits } from '@lazaret/protocol';
import { units } from '@lazaret/protocol/units';

const { KiB } = units;

export const policyLimits = {
  /** Size of a policy document. */
  documentBytes: limits.policyDocumentBytes,
  /** Size of an OpenVEX or CSAF document. */
  vexBytes: limits.vexDocumentBytes,
  rules: 200,
  /** Of a policy, in both directions. */
  priority: 1_000,
  exceptions: 5_000,
  testsPerDocument: 500,
  /** Statements of a VEX document that are read. */
  vexStatements: 50_000,
  globs: 100,
  globChars: limits.policyGlobChars,
  nameChars: limits.policyNameChars,
  textChars: limits.policyTextChars,
  /** Length of one condition, or of one expression in a message. */
  expressionChars: 4_096,
  /** Nested brackets of an expression. */
  expressionDepth: 40,
  /** Nested loops (`exists`, `all`, `filter`, `map`) of an expression. */
  loopDepth: 4,
  expressionsPerMessage: 20,
  /** Length of the rendered message of a rule. */
  messageChars: 2_000,
  /**
   * Work of one evaluation of one expression. A unit is about the evaluation of one node of the
   * expression; see meter.ts.
   */
  stepsPerExpression: 5_000_000,
  /** Work of all expressions of one policy on one image. */
  stepsPerPolicy: 50_000_000,
  /** Length of a string that an expression makes. */
  stringChars: 64 * KiB,
  patternChars: 1_000,
  /** Characters of a pattern whose counted repetitions are written out. */
  patternExpanded: 10_000,
  /** Compiled patterns that are kept for the next evaluation. */
  patternsCached: 200,
  /** Files of an image; `files` is not available to conditions above it. */
  files: limits.policyFiles,
  /** Evidence that a result lists; the total number is always given. */
  evidenceItems: 100,
  faultsListed: 50,
  /** Fields of one map of a document. */
  mapKeys: 2_000,
} as const;
