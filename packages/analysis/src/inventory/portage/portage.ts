/**
 * The database of Gentoo's Portage: a directory per package in the directory of its category,
 * with `PF` (name, version and revision) and `CONTENTS`. Format: portage(5) and ebuild(5).
 */
import { limits } from '@lazaret/protocol';
import type { Fact } from '@lazaret/protocol';

import { baseName, parentPath } from '@lazaret/oci';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import type { OwnedFile } from '../system/owned-files.ts';
import { linesOf } from '../parsing/text-lines.ts';

const entryPath = /(?:^|\/)var\/db\/pkg\/[^/]+\/[^/]+\/(?:PF|CONTENTS)$/;

export const portageReader: Reader = {
  id: 'portage',
  version: 1,
  wants: { names: ['PF', 'CONTENTS'] },
  accepts: ({ path }) => entryPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read(file, emit) {
    if (baseName(file.path) === 'PF') emit(describePackage(file));
    else emit(listFiles(file, emit));
  },
};

interface PackageName {
  readonly name: string;
  readonly version: string;
}

function describePackage({ path }: WholeFile): Fact {
  const { name, version } = packageIn(path);
  const cut = name.indexOf('/');
  return {
    kind: 'package',
    path,
    type: 'generic',
    name,
    version,
    purl: packageUrl({
      type: 'generic',
      namespace: name.slice(0, cut),
      name: name.slice(cut + 1),
      version,
    }),
    foundBy: 'database',
    state: 'installed',
  };
}

function listFiles({ path, bytes }: WholeFile, emit: (fact: Fact) => void): Fact {
  const warnings = createParseWarnings({ reader: 'portage', path, emit });
  const owned = createOwnedFiles(warnings);
  let number = 0;
  for (const { start, end } of linesOf(bytes)) {
    number += 1;
    const isShort = end - start <= 4 * limits.pathBytes;
    const entry = isShort ? entryIn(bytes.toString('utf8', start, end)) : undefined;
    if (entry !== undefined) owned.add(entry.path, entry.digest);
    else if (start !== end) warnings.add('damaged', `line ${number} is not an entry`);
  }
  return { kind: 'ownership', path, type: 'generic', ...packageIn(path), files: owned.take() };
}

/** `dir /usr`, `obj /usr/bin/a b d41d... 1700000000`, `sym /usr/bin/c -> a b 1700000000`. */
function entryIn(line: string): OwnedFile | undefined {
  const [, kind, rest = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
  if (kind === 'dir' || kind === 'fif' || kind === 'dev') return { path: rest };
  if (kind === 'sym') return { path: rest.split(' -> ', 1)[0] ?? '' };
  const [, path, md5] = /^(.*) ([0-9a-f]{32}) \d+$/.exec(kind === 'obj' ? rest : '') ?? [];
  return path === undefined ? undefined : { path, digest: `md5:${md5}` };
}

/** `app-shells/bash` and `5.2_p21-r2` of `var/db/pkg/app-shells/bash-5.2_p21-r2/PF`. */
function packageIn(path: string): PackageName {
  const directory = parentPath(path);
  const [, name, version] =
    /^(.+?)-(\d+(?:\.\d+)*[a-z]?(?:_[a-z]+\d*)*(?:-r\d+)?)$/.exec(baseName(directory)) ?? [];
  if (name === undefined || version === undefined) {
    throw new ReadError('damaged', 'its directory names no package');
  }
  return { name: `${baseName(parentPath(directory))}/${name}`, version };
}
