/** The valid store paths in the database of Nix or Guix. */
import type { Fact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { countPackages } from '../system/package-count.ts';
import { readTable } from '../rpm/sqlite-table.ts';
import { textOf } from '../parsing/text-lines.ts';

const databasePath = /(?:^|\/)(?:nix\/var\/nix|var\/guix)\/db\/db\.sqlite$/;
/**
 * A hash of 32 characters, a name, and the version, which starts after the first dash before a
 * digit.
 */
const storePath = /^\/(?:nix|gnu)\/store\/[0-9a-z]{32}-([^/]+)$/;
const pathBytes = 512;

export const nixReader: Reader = {
  id: 'nix',
  version: 1,
  wants: { names: ['db.sqlite'] },
  accepts: ({ path }) => databasePath.test(path),
  maxBytes: analysisLimits.readerFileBytes,
  read: readDatabase,
};

function readDatabase({ path, bytes }: WholeFile, emit: (fact: Fact) => void): void {
  const warnings = createParseWarnings({ reader: 'nix', path, emit });
  const count = countPackages();
  const options = {
    table: 'ValidPaths',
    maxBytes: inventoryLimits.packageFieldBytes,
    onDamage: warnings.add,
  };
  for (const [, value] of readTable(bytes, options)) {
    count();
    const isPath = Buffer.isBuffer(value) && value.length <= pathBytes;
    const [, text] = storePath.exec(isPath ? textOf(value) : '') ?? [];
    if (text === undefined) warnings.add('damaged', 'a row without a path of the store');
    else if (!text.endsWith('.drv')) emit(describePath(text, path));
  }
}

/** Paths without a version (`source`, a script) are in the store too. */
function describePath(text: string, path: string): Fact {
  const cut = /-(?=\d)/.exec(text)?.index ?? text.length;
  const name = text.slice(0, cut);
  const version = text.slice(cut + 1);
  return {
    kind: 'package',
    path,
    type: 'generic',
    name,
    version,
    purl: packageUrl({ type: 'generic', name, version }),
    foundBy: 'database',
    state: 'installed',
  };
}
