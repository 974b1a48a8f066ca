/**
 * Compares the declared facts of ecosystems with the facts that readers produce from valid files.
 */
import { existsSync, readdirSync } from 'node:fs';

import type { Fact, PackageFact } from '@lazaret/protocol';
import { describe, expect, test } from 'vitest';

import { packageDetails } from './ecosystem.ts';
import type { DigestName, Yields } from './ecosystem.ts';
import { allReaders, ecosystems } from './ecosystems.ts';
import { factsOf, ofKind } from './testing/read-file.ts';
import { readerSamples } from './testing/reader-samples.ts';

const samples = readerSamples();
const described = ecosystems.flatMap(({ readers }) => readers);
const digestNames: readonly DigestName[] = ['md5', 'sha1', 'sha256'];

describe.each(described.map((one) => [one.reader.id, one] as const))('%s', (id, one) => {
  test('produces what its capabilities say, no more and no less', async () => {
    const files = samples[id] ?? [];
    expect(files.length).toBeGreaterThan(0);
    const facts: Fact[] = [];
    for (const { path, bytes } of files) facts.push(...(await factsOf(one.reader, path, bytes)));
    expect(facts.length).toBeGreaterThan(0);
    expect(observed(facts, one.yields)).toEqual(sorted(one.yields));
  });
});

test.each(ecosystems.map((one) => [one.name, one] as const))(
  'package URLs of %s have the type and the qualifiers that are described',
  async (_name, { readers }) => {
    const templates = new Set<string>();
    const purls: string[] = [];
    for (const { reader, yields } of readers) {
      if (yields.packages === undefined || yields.packages.purlTypes === 'any') continue;
      const described = [...yields.packages.purl.matchAll(/pkg:[^\s,]+/g)].map(([text]) => text);
      for (const text of described) templates.add(text);
      for (const { path, bytes } of samples[reader.id] ?? []) {
        purls.push(...ofKind(await factsOf(reader, path, bytes), 'package').map((one) => one.purl));
      }
    }
    expect(shapesOf(purls)).toEqual(shapesOf([...templates]));
  },
);

/** Type and names of qualifiers; `distro` is added when the distribution is known. */
function shapesOf(purls: readonly string[]): Record<string, readonly string[]> {
  const byType = Map.groupBy(purls, (purl) => purl.slice('pkg:'.length, purl.indexOf('/')));
  const shapes = [...byType].map(([type, those]): [string, string[]] => {
    const names = those.flatMap((purl) => {
      const query = purl.split('?')[1] ?? '';
      return query.split('&').map((pair) => pair.split('=', 1)[0] ?? '');
    });
    return [type, unique(names.filter((name) => name !== '' && name !== 'distro'))];
  });
  return Object.fromEntries(shapes);
}

test('capabilities that promise a licence which no file gives are false', async () => {
  const reader = allReaders.find(({ id }) => id === 'dpkg');
  const [file] = samples['dpkg'] ?? [];
  if (reader === undefined || file === undefined) throw new Error('dpkg has no sample');
  const { yields } = described.find((one) => one.reader === reader) ?? {};
  const packages = yields?.packages;
  if (packages === undefined) throw new Error('dpkg has no packages');
  const facts = await factsOf(reader, file.path, file.bytes);
  const promised: Yields = {
    packages: { ...packages, details: [...packages.details, 'licenses'] },
  };
  expect(observed(facts, promised)).not.toEqual(sorted(promised));
});

/** Readers by the module that exports them, without tests and what tests use. */
async function readersBelow(folder: string): Promise<object[]> {
  const names = readdirSync(new URL(`${folder}/`, import.meta.url)).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'capabilities.ts',
  );
  const modules = await Promise.all(
    names.map((name) => import(new URL(`${folder}/${name}`, import.meta.url).href)),
  );
  return modules.flatMap((module: Readonly<Record<string, unknown>>) =>
    Object.values(module).filter(
      (value): value is object =>
        typeof value === 'object' && value !== null && 'wants' in value && 'read' in value,
    ),
  );
}

const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(folders)(
  'every reader of the folder %s is in the list of its ecosystem',
  async (name) => {
    const found = await readersBelow(name);
    const ecosystem = ecosystems.find((one) => one.name === name);
    expect(found).toHaveLength(ecosystem?.readers.length ?? 0);
    expect(new Set(found)).toEqual(new Set(ecosystem?.readers.map(({ reader }) => reader)));
    if (ecosystem === undefined) return;
    expect(existsSync(new URL(`${name}/capabilities.ts`, import.meta.url))).toBe(true);
    const files = readdirSync(new URL(`${name}/`, import.meta.url));
    expect(files.some((file) => file.endsWith('.test.ts'))).toBe(true);
  },
);

/** What is in the facts, in the form of capabilities; texts for people are those claimed. */
function observed(facts: readonly Fact[], claimed: Yields): Yields {
  const packages = ofKind(facts, 'package');
  const lists = ofKind(facts, 'ownership');
  const kinds = new Set(facts.map(({ kind }) => kind));
  return {
    ...(packages.length > 0 && { packages: observedPackages(packages, claimed.packages) }),
    ...(lists.length > 0 && {
      ownedFiles: {
        digests: digestNames.filter((name) =>
          lists.some(({ files }) => files.some(({ digest }) => digest?.startsWith(`${name}:`))),
        ),
      },
    }),
    ...(kinds.has('distribution') && { distribution: true as const }),
    ...(['user', 'password', 'group'].some((kind) => kinds.has(kind as Fact['kind'])) && {
      accounts: true as const,
    }),
  };
}

function observedPackages(
  packages: readonly PackageFact[],
  claimed: Yields['packages'],
): NonNullable<Yields['packages']> {
  const types = packages.map(({ purl }) => purl.slice('pkg:'.length, purl.indexOf('/')));
  return {
    purl: claimed?.purl ?? '',
    purlTypes: claimed?.purlTypes === 'any' ? 'any' : unique(types),
    foundBy: unique(packages.map(({ foundBy }) => foundBy)),
    states: unique(packages.map(({ state }) => state)),
    details: packageDetails
      .filter((detail) => packages.some((one) => one[detail] !== undefined))
      .toSorted(),
  };
}

function sorted({ packages, ...others }: Yields): Yields {
  if (packages === undefined) return others;
  const { purlTypes } = packages;
  return {
    ...others,
    packages: {
      purl: packages.purl,
      purlTypes: purlTypes === 'any' ? 'any' : unique(purlTypes),
      foundBy: unique(packages.foundBy),
      states: unique(packages.states),
      details: unique(packages.details),
    },
  };
}

function unique<T extends string>(all: readonly T[]): T[] {
  return [...new Set(all)].toSorted();
}
