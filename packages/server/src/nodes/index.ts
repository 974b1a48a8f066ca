/** Nodes: the hosts that run containers. */
export {
  InsufficientCapacity,
  readCapacities,
  releaseCapacity,
  reserveCapacity,
  type NodeCapacity,
} from './capacity.ts';
export {
  registerNodes,
  releaseNode,
  reportProbe,
  type NodeConfiguration,
  type ProbeResult,
} from './registry.ts';
export { nodesSlice } from './slice.ts';
