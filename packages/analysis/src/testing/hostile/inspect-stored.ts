/**
 * Run as a separate program: inspects one stored layer (the path is its argument) in a thread, as
 * an inspection on a server does, and prints the result and the memory usage.
 */
import { statSync } from 'node:fs';
import { argv, resourceUsage, stdout } from 'node:process';

import { inspect } from '../../inspection/inspect.ts';
import { openFileBytes } from '../../source/file-bytes.ts';
import type { ImageSource } from '@lazaret/oci';

export interface StoredOutcome {
  readonly verdict: string;
  readonly files: number;
  /** `layer: ratio`, each once. */
  readonly gaps: readonly string[];
  readonly highestMiB: number;
}

const [path = ''] = argv.slice(2);
const range = { offset: 0, sizeBytes: statSync(path).size };

const source: ImageSource = {
  kind: 'oci-layout',
  reference: path,
  list: () => {
    const open = async (): Promise<AsyncIterable<Uint8Array>> =>
      (await openFileBytes(path)).stream(range);
    const layer = { sizeBytes: range.sizeBytes, file: { path, ...range }, open };
    const image = { names: [], config: Buffer.from('{}'), layers: [layer] };
    return Promise.resolve({ images: [image], diagnostics: [] });
  },
  close: () => Promise.resolve(),
};

const [report] = await inspect(source, {
  ...{ toolVersion: '1', now: () => 0, parallel: 1, scanners: { secrets: true } },
});
if (report === undefined) throw new Error('an image without its report');
const { coverage, verdict } = report;
const outcome: StoredOutcome = {
  verdict: verdict.state,
  files: coverage.files,
  gaps: [...new Set(coverage.gaps.map(({ by, reason }) => `${by}: ${reason}`))],
  highestMiB: Math.round(resourceUsage().maxRSS / 1024),
};
stdout.write(JSON.stringify(outcome));
