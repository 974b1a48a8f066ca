/** Configuration from file, environment and flags. */
export {
  changeConfigurationFile,
  configurationFileOf,
  writeConfigurationFile,
} from './configuration-file.ts';
export {
  describeConfiguration,
  loadConfiguration,
  type ConfigurationSources,
  type LoadedConfiguration,
} from './load.ts';
export { formatConfiguration, type DescribedOption } from './format-configuration.ts';
export {
  flagOf,
  optionKeys,
  options,
  variableOf,
  type Configuration,
  type NodeOption,
  type RoleName,
} from './options.ts';
export { configuredNodes } from './nodes.ts';
export { readEnvironment, readProgramEnvironment } from './environment.ts';
