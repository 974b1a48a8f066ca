/** Registry settings: which hosts are contacted and how. One schema for CLI and server. */
import { z } from 'zod';

import { credentialReferences, filePath, rateWindows, registryHost } from './connection.ts';

const hosts = z.array(registryHost).default([]);

export const registrySettings = z.strictObject({
  public: z
    .boolean()
    .default(true)
    .describe('Whether unlisted registries at public addresses are allowed'),
  private: hosts.describe(
    'Hosts that may have private addresses; all others must have public addresses',
  ),
  plainHttp: hosts.describe('Hosts without TLS; they may have private addresses'),
  skipVerify: hosts.describe(
    'Hosts whose certificates are not verified; they may have private addresses',
  ),
  caFiles: z
    .array(filePath)
    .default([])
    .describe('Files with certificate authorities (PEM) to trust besides those of the system'),
  mirrors: z
    .record(registryHost, z.array(registryHost))
    .default({})
    .describe('By host: the hosts that are tried first for its images'),
  rates: z
    .record(z.union([registryHost, z.literal('*')]), rateWindows)
    .default({})
    .describe('Rate limits by host, or `*` for every other host; all windows must have capacity'),
  ...credentialReferences.shape,
  foreign: hosts.describe('Hosts from which layers outside the registry may be fetched'),
});
export type RegistrySettings = z.output<typeof registrySettings>;

/** Path of a setting in messages and pages: `inspection.registries.plainHttp`. */
export function registrySettingPath(key: keyof RegistrySettings): string {
  return `inspection.registries.${key}`;
}
