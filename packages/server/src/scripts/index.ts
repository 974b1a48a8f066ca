/** Collector scripts: programs that run in containers of inspected images. */
export { readScriptFacts } from './read-facts.ts';
export { readScriptOutput, readScriptOutputs } from './read-output.ts';
export { startRunner } from './runner.ts';
export { scriptsSlice } from './slice.ts';
