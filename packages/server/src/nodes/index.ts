/** Nodes: the places where containers run. */
export {
  registerNodes,
  releaseNode,
  reportProbe,
  type NodeConfiguration,
  type ProbeResult,
} from './registry.ts';
export { nodesSlice } from './slice.ts';
