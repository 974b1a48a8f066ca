/**
 * Lists that vendors of read-only systems provide instead of a package database: Bottlerocket's
 * application inventory and the package list of Container-Optimized OS.
 */
import type { Fact } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { isRecord, parseRecord, textIn } from '../parsing/json-record.ts';
import type { JsonRecord } from '../parsing/json-record.ts';
import { plainWord, present } from '../parsing/package-text.ts';
import { rpmFact } from '../rpm/rpm-package.ts';

interface Inventory {
  /** The property with the list. */
  readonly list: string;
  readonly nameKey: string;
  readonly versionKey: string;
  readonly describe: (item: PackageItem) => Fact;
}

interface PackageItem {
  readonly item: JsonRecord;
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

const inventories: ReadonlyMap<string, Inventory> = new Map([
  [
    'usr/share/bottlerocket/application-inventory.json',
    { list: 'Content', nameKey: 'Name', versionKey: 'Version', describe: describeBottlerocket },
  ],
  [
    'etc/cos-package-info.json',
    { list: 'installedPackages', nameKey: 'name', versionKey: 'version', describe: describeCos },
  ],
]);

export const vendorInventoryReader: Reader = {
  id: 'vendor-inventory',
  version: 1,
  wants: { names: ['application-inventory.json', 'cos-package-info.json'] },
  accepts: ({ path }) => inventories.has(path),
  maxBytes: inventoryLimits.osReleaseBytes,
  read: readInventory,
};

function readInventory({ path, bytes }: WholeFile, emit: (fact: Fact) => void): void {
  const inventory = inventories.get(path);
  const items = parseRecord(bytes.toString('utf8'))?.[inventory?.list ?? ''];
  if (inventory === undefined || !Array.isArray(items)) {
    throw new ReadError('damaged', 'no list of packages');
  }
  const warnings = createParseWarnings({ reader: 'vendor-inventory', path, emit });
  for (const item of items as readonly unknown[]) {
    if (!isRecord(item)) {
      warnings.add('damaged', 'an item is not a package');
      continue;
    }
    const name = plainWord(textIn(item, inventory.nameKey), 'the name of a package', warnings);
    if (name === undefined) continue;
    const what = `the version of ${name}`;
    const version = plainWord(textIn(item, inventory.versionKey), what, warnings);
    if (version !== undefined) emit(inventory.describe({ item, name, version, path }));
  }
}

/** Built from rpm packages, without their database. */
function describeBottlerocket({ item, name, version, path }: PackageItem): Fact {
  const release = textIn(item, 'Release');
  const epoch = Number(textIn(item, 'Epoch') ?? '0');
  return rpmFact({
    ...{ path, name, architecture: textIn(item, 'Architecture'), sourceRpm: undefined },
    versionRelease: release === undefined ? version : `${version}-${release}`,
    epoch: Number.isSafeInteger(epoch) && epoch > 0 ? epoch : 0,
    supplier: textIn(item, 'Publisher'),
  });
}

function describeCos({ item, name, version, path }: PackageItem): Fact {
  const category = textIn(item, 'category');
  return {
    kind: 'package',
    path,
    type: 'generic',
    name: category === undefined ? name : `${category}/${name}`,
    version,
    purl: packageUrl({ type: 'generic', namespace: category, name, version }),
    foundBy: 'database',
    state: 'installed',
    ...present('supplier', 'Google'),
  };
}
