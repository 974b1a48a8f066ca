/** The one place of the server that reads the environment. */
import type { ConfigurationSources } from './load.ts';

export function readEnvironment(): ConfigurationSources['environment'] {
  return { ...process.env };
}
