/** For tests: a fake registry with fault injection, certificates. */
export { startFakeRegistry } from './fake-registry.ts';
export type { FakeRegistry, FakeRegistryOptions } from './fake-registry.ts';
export { issueCertificates } from './issue-certificates.ts';
export type { RegistryFault } from './registry-faults.ts';
export { digestOf, manifestType } from './registry-store.ts';
export type { RegistryStore } from './registry-store.ts';
