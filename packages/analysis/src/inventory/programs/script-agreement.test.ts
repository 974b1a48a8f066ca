/** Compares the readers with the languages' own tools on the same files. */
import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Fact } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import type { Reader } from '../reader.ts';
import { factsOf, wholeFile } from '../testing/read-file.ts';
import { asObject, field, parseJsonObject } from '../parsing/json-text.ts';
import { npmReader } from '../npm/npm.ts';
import { pythonReader } from '../python/python.ts';
import { pythonName } from '../python/python-name.ts';

/** Facts of all files below a folder that the reader wants. */
async function inventory(reader: Reader, root: string): Promise<Fact[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const facts: Fact[] = [];
  for (const entry of entries) {
    const isNamed = reader.wants.names?.includes(entry.name) === true;
    const isEnding = reader.wants.endings?.some((ending) => entry.name.endsWith(ending)) === true;
    const path = relative('/', join(entry.parentPath, entry.name));
    if (!entry.isFile() || (!isNamed && !isEnding)) continue;
    if (reader.accepts?.(wholeFile(path, '')) === false) continue;
    facts.push(...(await factsOf(reader, path, await readFile(`/${path}`))));
  }
  return facts;
}

function describeFact(one: Fact): string {
  return one.kind === 'package' ? `${one.name} ${one.version}` : `${one.kind} ${one.path}`;
}

test('Python finds the same distributions in its own folder', async () => {
  const folder = '/usr/lib/python3/dist-packages';
  const program = [
    'import importlib.metadata as m, sys',
    'for one in m.distributions(path=[sys.argv[1]]):',
    '    print(one.metadata["Name"], one.version)',
  ].join('\n');
  const output = execFileSync('/usr/bin/python3', ['-c', program, folder], { encoding: 'utf8' });
  const expected = output
    .trim()
    .split('\n')
    .map((line) => {
      const [name, version] = line.split(' ', 2);
      return `${pythonName(name ?? '')} ${version}`;
    });
  expect(expected.length).toBeGreaterThan(0);
  const facts = await inventory(pythonReader, folder);
  expect(facts.map(describeFact).toSorted()).toEqual(expected.toSorted());
});

test('npm lists the same packages of its own installation', async () => {
  const folder = fileURLToPath(new URL('../../../../../node_modules', import.meta.url));
  const list = parseJsonObject(await readFile(join(folder, '.package-lock.json')));
  const places = Object.entries(asObject(field(list, 'packages')) ?? {});
  const expected = places.flatMap(([place, value]) => {
    const entry = asObject(value);
    if (field(entry, 'link') === true || !place.startsWith('node_modules/')) return [];
    const name = field(entry, 'name') ?? place.slice(place.lastIndexOf('node_modules/') + 13);
    return [`${String(name)} ${String(field(entry, 'version'))}`];
  });
  expect(expected.length).toBeGreaterThan(50);
  const found = new Set((await inventory(npmReader, folder)).map(describeFact));
  expect(expected.filter((one) => !found.has(one))).toEqual([]);
  expect([...found].filter((one) => one.startsWith('diagnostic'))).toEqual([]);
});
