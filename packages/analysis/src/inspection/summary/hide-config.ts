import type { ImageConfig } from '@lazaret/protocol';

import { SecretHider } from '../../scan/secrets/hide-secrets.ts';
import { configPath, configText } from '../walk/scan-config.ts';

/**
 * The configuration for the report, with found secrets masked: reports are stored, shown and
 * logged.
 * @param stored The bytes that `config` was read from.
 */
export function hideConfig(config: ImageConfig, stored: Buffer): ImageConfig {
  const hider = new SecretHider(configText(stored), configPath);
  const hide = (value: unknown, name?: string): unknown => {
    if (typeof value === 'string') return hider.hide(value, name);
    if (Array.isArray(value)) return value.map((each) => hide(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hide(each, key)]));
  };
  // The types of values do not change.
  return hide(config) as ImageConfig;
}
