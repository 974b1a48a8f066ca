/**
 * `npm run build-engines -- [--base IMAGE] [--fresh] [name or directory ...]`: builds engines into
 * images of the local Docker engine. packages/setup/src/build-engines.ts describes how.
 */
import { parseArgs } from 'node:util';

import { buildEngines, ensureDocker } from '@lazaret/setup';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { base: { type: 'string' }, fresh: { type: 'boolean', default: false } },
});
const startedAtMs = performance.now();
const log = (line: string): void => {
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds} s  ${line}\n`);
};
const { socket, advice } = await ensureDocker({ log });
if (socket === undefined) throw new Error(advice);
for (const engine of await buildEngines(positionals, { ...values, socket, log })) {
  const size = `${Math.round(engine.sizeBytes / 1e6)} MB`;
  log(`${engine.image} ${engine.built ? 'built' : 'is up to date'}, ${size}`);
}
