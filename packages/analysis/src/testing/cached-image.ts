/** An image with data for every part of the cache, inspected with or without it. */
import type { InspectionReport } from '@lazaret/protocol';

import { inspect } from '../inspection/inspect.ts';
import type { InspectOptions } from '../inspection/inspect.ts';
import { coldText } from './cold-report.ts';
import { file, hardLink, layersOf, secret } from './hostile/hostile-case.ts';
import { buildImage } from './image-builder.ts';
import type { BuiltImage } from './image-builder.ts';
import { memorySource } from './memory-source.ts';

export interface CachedRun {
  /** Without the fields about the cache. */
  readonly text: string;
  readonly report: InspectionReport;
  /** The warnings about the cache. */
  readonly warnings: readonly string[];
}

const status = `Package: curl
Status: install ok installed
Version: 8.1-1
Architecture: amd64

`;

/** Packages, secrets, hard links, and two layers of which one hides a part of the other. */
export function imageToCache(name = 'app'): Promise<BuiltImage> {
  const lower = [
    file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
    file('var/lib/dpkg/status', status),
    file('root/id_rsa', secret),
    hardLink('root/again', 'root/id_rsa'),
    ...Array.from({ length: 40 }, (_, at) => file(`usr/share/${name}/${at}`, `${name} ${at}\n`)),
  ];
  const upper = [file('root/.wh.id_rsa', ''), file('app/key', `${name}\n${secret}`)];
  return buildImage(layersOf(lower, upper));
}

export async function inspectCached(
  image: BuiltImage,
  options: Partial<InspectOptions> = {},
): Promise<CachedRun> {
  const warnings: string[] = [];
  const [report] = await inspect(memorySource(image), {
    ...{ toolVersion: '1', now: () => 0, parallel: 0, files: true, scanners: { secrets: true } },
    onWarning: (text) => warnings.push(text),
    ...options,
  });
  if (report === undefined) throw new Error('an image without its report');
  return { text: coldText(report), report, warnings };
}
