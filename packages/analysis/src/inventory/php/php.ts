/** Packages of PHP: what Composer installed or requires, and the registry of PEAR and PECL. */

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { emitPackages, packageFactOf } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import {
  asList,
  asObject,
  asText,
  field,
  parseJson,
  parseJsonObject,
} from '../parsing/json-text.ts';
import type { JsonObject } from '../parsing/json-text.ts';
import { readPhpSerialized } from './php-serialized.ts';
import type { PhpValue } from './php-serialized.ts';

export const composerReader: Reader = {
  id: 'composer',
  version: 1,
  wants: { names: ['installed.json'] },
  accepts: ({ path }) => /(?:^|\/)composer\/installed\.json$/.test(path),
  maxBytes: inventoryLimits.readerJsonBytes,
  read(file, emit) {
    const json = parseJson(file.bytes);
    // Composer 1 wrote the list alone.
    const list = Array.isArray(json) ? json : field(asObject(json), 'packages');
    if (!Array.isArray(list)) throw new ReadError('damaged', 'has no list of packages');
    emitPackages(file.path, listComposer(list, 'installed'), emit);
  },
};

export const composerLockReader: Reader = {
  id: 'composer-lock',
  version: 1,
  wants: { names: ['composer.lock'] },
  accepts: ({ path }) => !/(?:^|\/)vendor\//.test(path),
  maxBytes: inventoryLimits.readerJsonBytes,
  read(file, emit) {
    if (file.bytes.length === 0) return;
    const json = parseJsonObject(file.bytes);
    const lists = [field(json, 'packages'), field(json, 'packages-dev')].flatMap(asList);
    emitPackages(file.path, listComposer(lists, 'declared'), emit);
  },
};

/** `.registry/name.reg` and `.registry/.channel.name/name.reg`, serialized by PHP. */
export const pearReader: Reader = {
  id: 'pear',
  version: 1,
  wants: { endings: ['.reg'] },
  accepts: ({ path }) => /(?:^|\/)\.registry\/(?:\.channel\.[^/]+\/)?[^/]+\.reg$/.test(path),
  maxBytes: inventoryLimits.readerJsonBytes,
  read: (file, emit) => emit(packageFactOf(file.path, readPear(readPhpSerialized(file.bytes)))),
};

function* listComposer(
  list: readonly unknown[],
  state: 'installed' | 'declared',
): Generator<FoundPackage> {
  for (const item of list) {
    const entry = asObject(item);
    yield {
      type: 'composer',
      name: asText(field(entry, 'name')) ?? '',
      version: asText(field(entry, 'version')) ?? '',
      foundBy: state === 'installed' ? 'database' : 'lock-file',
      state,
      licenses: licensesOf(entry),
      dependsOn: Object.keys(asObject(field(entry, 'require')) ?? {}).filter((name) =>
        name.includes('/'),
      ),
    };
  }
}

function licensesOf(entry: JsonObject | undefined): string[] {
  const value = field(entry, 'license');
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

/** PEAR has no separate package type here; its package URL has one. */
function readPear(registered: PhpValue): FoundPackage {
  const text = (...keys: string[]): string | undefined => {
    let value: PhpValue | undefined = registered;
    for (const key of keys) value = value instanceof Map ? value.get(key) : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const name = text('name') ?? text('package');
  const version = text('version', 'release') ?? text('version');
  if (name === undefined || version === undefined) {
    throw new ReadError('missing_part', 'has no name or no version');
  }
  const license = text('license', '_content') ?? text('license');
  return {
    type: 'generic',
    purlType: 'pear',
    namespace: text('channel') ?? 'pear.php.net',
    name,
    version,
    foundBy: 'database',
    state: 'installed',
    licenses: license === undefined ? [] : [license],
  };
}
