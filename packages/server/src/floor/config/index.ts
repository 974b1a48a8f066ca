/** Configuration: file, environment and flags to one value. */
export {
  describeConfiguration,
  loadConfiguration,
  type ConfigurationSources,
  type LoadedConfiguration,
} from './load.ts';
export {
  flagOf,
  optionKeys,
  options,
  variableOf,
  type Configuration,
  type NodeOption,
} from './options.ts';
export type { InspectionOption } from './inspection-option.ts';
export { readEnvironment, readProgramEnvironment } from './environment.ts';
