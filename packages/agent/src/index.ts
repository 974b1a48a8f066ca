/** The public entry point. The agent itself comes later; so far it identifies its host. */
export {
  parseOsRelease,
  readHostFacts,
  type Distribution,
  type HostFacts,
  type HostPlace,
} from './host-facts.ts';
