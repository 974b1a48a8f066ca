/** The only module of the server that reads the environment. */
import type { ConfigurationSources } from './load.ts';

export function readEnvironment(): ConfigurationSources['environment'] {
  return { ...process.env };
}

/** The default environment of other programs, without our secrets. */
export function readProgramEnvironment(): Readonly<Record<string, string>> {
  const { PATH, HOME } = process.env;
  return { ...(PATH !== undefined && { PATH }), ...(HOME !== undefined && { HOME }) };
}
