/** The one place of the server that reads the environment. */
import type { ConfigurationSources } from './load.ts';

export function readEnvironment(): ConfigurationSources['environment'] {
  return { ...process.env };
}

/** The environment of other programs unless more is configured: none of our secrets. */
export function readProgramEnvironment(): Readonly<Record<string, string>> {
  const { PATH, HOME } = process.env;
  return { ...(PATH !== undefined && { PATH }), ...(HOME !== undefined && { HOME }) };
}
