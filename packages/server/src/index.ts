/** Public entry point of the package: the parts that `lazaret` runs in its own process. */
import {
  describeConfiguration,
  formatConfiguration,
  type DescribedOption,
} from './floor/config/index.ts';
import { loadFrom } from './app/program.ts';

import { plural } from '@lazaret/protocol';

export { parseManifest } from './engines/index.ts';
export { setupScanners } from './app/setup-scanners.ts';
export type { SetupScannersResult } from './app/setup-scanners.ts';
export { runServe } from './app/serve.ts';
export { runUp } from './app/up.ts';

/** Throws `invalid_configuration` with all errors. */
export function checkConfiguration(argv: readonly string[]): string {
  const { sources } = loadFrom(argv);
  const given = Object.values(sources).filter((source) => source !== 'default').length;
  return `The configuration is valid: ${plural(given, 'option')} set, the others at their defaults.`;
}

/** Every option with its value, secrets masked, and its source. */
export function printConfiguration(argv: readonly string[]): readonly DescribedOption[] {
  return describeConfiguration(loadFrom(argv));
}

/** The same as a commented YAML file. */
export function printConfigurationFile(argv: readonly string[]): string {
  return formatConfiguration(printConfiguration(argv));
}
