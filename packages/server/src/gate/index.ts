/** The pull gate in front of watched registries, and the admission webhook for Kubernetes. */
export { readGateSettings } from './gate-settings.ts';
export { gateSlice } from './slice.ts';
export { startGate, type RunningGate } from './start-gate.ts';
