/** Policies: stored documents, decisions about images in registries, judging again. */
export { inspectionReader, startJudging } from './judging.ts';
export { PolicySets } from './policy-set.ts';
export { hasSameResult, readDecisionInForce, type DecisionInForce } from './read-decisions.ts';
export { policiesSlice } from './slice.ts';
