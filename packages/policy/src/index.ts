/** Public entry point of the package: policies from their text to a verdict with its actions. */
export { parsePolicy, parseTests } from './document/parse-policy.ts';
export { evaluatePolicy } from './evaluation/evaluate-policy.ts';
export { buildFacts } from './facts/build-facts.ts';
