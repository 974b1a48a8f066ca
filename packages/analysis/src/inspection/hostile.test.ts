// Not in the quick check: every hostile image is inspected.
import { describe, expect, test } from 'vitest';

import { nameCases, replacingCases } from '../testing/hostile/archive-names.ts';
import { hardLinkCases, symbolicLinkCases } from '../testing/hostile/links.ts';
import { tarFormCases } from '../testing/hostile/tar-forms.ts';
import { whiteoutCases } from '../testing/hostile/whiteouts.ts';
import { compressionCases } from '../testing/hostile/compression.ts';
import { imageStructureCases } from '../testing/hostile/image-structure.ts';
import { packageDataCases } from '../testing/hostile/package-data.ts';
import { comparable, inspectCase } from '../testing/hostile/hostile-case.ts';
import type { HostileCase } from '../testing/hostile/hostile-case.ts';

const families: readonly (readonly [string, readonly HostileCase[]])[] = [
  ['names and numbers', nameCases],
  ['entries that replace others', replacingCases],
  ['symbolic links', symbolicLinkCases],
  ['hard links', hardLinkCases],
  ['whiteouts', whiteoutCases],
  ['kinds of entries and ends of archives', tarFormCases],
  ['layers as they are stored', compressionCases],
  ['images whose parts do not fit', imageStructureCases],
  ['package data', packageDataCases],
];

describe.each(families)('%s', (_, cases) => {
  test.each(cases)('$name', async (each) => {
    const [wanted, found] = comparable(each.expect, await inspectCase(each));
    expect(found).toEqual(wanted);
  });
});
