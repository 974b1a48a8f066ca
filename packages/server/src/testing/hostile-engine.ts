/** The manifest of the hostile engine, for tests. */
import { readFileSync } from 'node:fs';

import type { EngineManifestInput } from '@lazaret/protocol';
import { parse } from 'yaml';

const file = new URL('../../../../test/fixtures/hostile-engine/manifest.yaml', import.meta.url);

export function hostileManifest(changes: Partial<EngineManifestInput> = {}): EngineManifestInput {
  const manifest = parse(readFileSync(file, 'utf8')) as EngineManifestInput;
  return { ...manifest, ...changes };
}
