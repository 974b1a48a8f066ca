/** Public entry point of the package: policies from their text to a verdict with its actions. */
export { formatFault } from './document/policy-fault.ts';
export type { PolicyFault } from './document/policy-fault.ts';
export { parsePolicy, parseTests } from './document/parse-policy.ts';
export type { Policy } from './document/parse-policy.ts';
export { policyJsonSchema } from './document/policy-json-schema.ts';
export type { PolicyScope, PolicyTest } from './document/policy-schema.ts';
export { choosePolicy, sortPolicies, variablesOf } from './evaluation/choose-policy.ts';
export type { PolicyPlace } from './evaluation/rule-scope.ts';
export { evaluatePolicy } from './evaluation/evaluate-policy.ts';
export type { EvaluationInput } from './evaluation/evaluate-policy.ts';
export type { PolicyException } from './evaluation/exceptions.ts';
export type {
  ActionDecision,
  AppliedException,
  EvidenceResult,
  PolicyResult,
  RuleResult,
} from './evaluation/policy-result.ts';
export { plannedVariables, recordTypes, variables } from './expression/catalogue.ts';
export { functions, signatureOf } from './expression/functions.ts';
export { typeName } from './expression/value-type.ts';
export type { ValueType } from './expression/value-type.ts';
export { buildFacts } from './facts/build-facts.ts';
export type { PolicyContext, PolicyFacts, PolicyScript } from './facts/fact-schema.ts';
export { policyLimits } from './limits.ts';
export { runTests } from './testcases/run-tests.ts';
export type { TestResult } from './testcases/run-tests.ts';
export { readVex } from './vex/read-vex.ts';
export { VexError } from './vex/vex-document.ts';
