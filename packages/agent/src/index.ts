/** The door of the package. The agent itself comes later; so far it can say what host it is on. */
export {
  parseOsRelease,
  readHostFacts,
  type Distribution,
  type HostFacts,
  type HostPlace,
} from './host-facts.ts';
