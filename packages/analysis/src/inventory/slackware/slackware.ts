/**
 * The packages of Slackware: one file each, named `name-version-arch-build`, which ends in the list
 * of its files. Format: pkgtool(8).
 */

import { baseName } from '@lazaret/oci';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import { linesOf } from '../parsing/text-lines.ts';

const entryPath = /(?:^|\/)var\/(?:log|lib\/pkgtools)\/packages\/[^/]+$/;
const listTitle = 'FILE LIST:';

export const slackwareReader: Reader = {
  id: 'slackware',
  version: 1,
  wants: { parents: ['packages'] },
  accepts: ({ path }) => entryPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read({ path, bytes }, emit) {
    const [, name, version, architecture, build] =
      /^(.+)-([^-]+)-([^-]+)-([^-]+)$/.exec(baseName(path)) ?? [];
    if (name === undefined || version === undefined || architecture === undefined) {
      throw new ReadError('damaged', 'its name is not that of a package');
    }
    const whole = `${version}-${build}`;
    const purl = packageUrl({
      ...{ type: 'generic', name, version: whole },
      qualifiers: { arch: architecture },
    });
    const about = { path, type: 'generic', name, version: whole, architecture } as const;
    emit({ kind: 'package', ...about, purl, foundBy: 'database', state: 'installed' });
    const owned = createOwnedFiles(createParseWarnings({ reader: 'slackware', path, emit }));
    const list = bytes.indexOf(listTitle);
    const files = bytes.subarray(list === -1 ? bytes.length : list + listTitle.length);
    for (const { start, end } of linesOf(files)) owned.add(files.toString('utf8', start, end));
    emit({ kind: 'ownership', ...about, files: owned.take() });
  },
};
