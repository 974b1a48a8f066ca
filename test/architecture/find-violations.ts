/** Checks sources against the tables of rules.ts; each finder returns one line per violation. */
import { dottedName, isTest, type Import, type SourceFile, walk } from '../source/source-file.ts';
import {
  analysisForbidden,
  analysisParts,
  clockReaders,
  composition,
  entryPoints,
  environmentReaders,
  floor,
  lazyExceptions,
  libraryOwners,
  networkUsers,
  packageDirection,
  type Permit,
  protocolLibraries,
  publicFiles,
  slices,
} from './rules.ts';

export type Finder = (sources: readonly SourceFile[]) => string[];

/** Packages import in one direction, and each other only through their public entry points. */
export const findPackageViolations: Finder = (sources) =>
  eachImport(sources, (source, one) => {
    const from = packageOf(source.path);
    if (from === undefined) return undefined;
    if (!(from in packageDirection)) return `the package ${from} has no row in the table`;
    const to = importedPackage(one);
    if (to === undefined || to === from) return undefined;
    if (one.target !== undefined) return `imports an inner file of the package ${to} by a path`;
    if (!isEntryPoint(one.specifier, to, isTest(source.path))) {
      return `imports ${one.specifier}, which is not an entry point of the package`;
    }
    if (packageDirection[from]?.includes(to) === true) return undefined;
    const permitted = lazyExceptions.some(
      ({ file, what }) => one.lazy && file === source.path && what === to,
    );
    return permitted || isTest(source.path) ? undefined : `${from} must not import ${to}`;
  });

/** Files of the server import according to the slice table, siblings only through index.ts. */
export const findSliceViolations: Finder = (sources) =>
  eachImport(sources, (source, one) => {
    const from = serverUnit(source.path);
    const to = one.target === undefined ? undefined : serverUnit(one.target);
    if (from === undefined || to === undefined || from === to) return undefined;
    if (from === 'testing' || isTest(source.path)) return undefined;
    for (const unit of [from, to]) {
      if (!isKnownUnit(unit)) return `${unit} is not listed in test/architecture/rules.ts`;
    }
    if (to === 'testing') return 'imports what only tests may use';
    if (!throughEntryPoint(one, to))
      return `imports the inner file ${one.target}, not ${to}/index.ts`;
    return mayImport(from, to) ? undefined : `${from} must not import ${to}`;
  });

/** Parts of analysis import according to their table; only its index may import all of them. */
export const findAnalysisViolations: Finder = (sources) =>
  eachImport(sources, (source, one) => {
    const from = analysisPart(source.path);
    const to = one.target === undefined ? undefined : analysisPart(one.target);
    if (from === undefined || to === undefined || from === to) return undefined;
    if (from === 'index' || to === 'limits' || isTest(source.path)) return undefined;
    if (one.target !== undefined && isTest(one.target)) return 'imports what only tests may use';
    for (const part of [from, to]) {
      if (!(part in analysisParts)) return `${part} has no row in the table of analysis`;
    }
    return analysisParts[from]?.includes(to) === true ? undefined : `${from} must not import ${to}`;
  });

/** `protocol` runs anywhere; `analysis` uses no database and no network; libraries have owners. */
export const findLibraryViolations: Finder = (sources) =>
  eachImport(sources, (source, one) => {
    const from = packageOf(source.path);
    if (from === undefined || one.target !== undefined || isTest(source.path)) return undefined;
    if (from === 'protocol' && !protocolLibraries.includes(one.specifier)) {
      return `protocol must not import ${one.specifier}`;
    }
    const isPermit = isPermitted(networkUsers, source.path, one.specifier);
    if (
      (from === 'analysis' || from === 'oci') &&
      analysisForbidden.includes(one.specifier) &&
      !isPermit
    ) {
      return `${from} must not import ${one.specifier}`;
    }
    const owners = libraryOwners[one.specifier];
    if (owners === undefined || owners.some((place) => source.path.startsWith(place))) {
      return undefined;
    }
    return `${one.specifier} belongs to ${owners.join(', ')}`;
  });

/** There are no import cycles, including those of types. */
export const findCycles: Finder = (sources) => {
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.flatMap(({ target }) => (target === undefined ? [] : [target])),
    ]),
  );
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const next of edges.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  };
  for (const path of edges.keys()) visit(path);
  return cycles;
};

/** The environment is only read in the files of the table. */
export const findEnvironmentReads: Finder = (sources) =>
  uses(sources, environmentReaders, (name) => (name === 'process.env' ? name : undefined));

const clockNames = ['Date.now', 'performance.now', 'process.hrtime', 'process.uptime'];

/** The clock is only read in the files of the table. */
export const findClockReads: Finder = (sources) =>
  uses(sources, clockReaders, (name) => (clockNames.includes(name) ? name : undefined));

const networkNames = ['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket'];
const networkModules =
  /^(node:(net|http|https|http2|tls|dgram|dns|dns\/promises)|undici|ws|got|axios)$/;

/** Connections are only opened in the files of the table. Importing types is allowed. */
export const findNetworkUses: Finder = (sources) => [
  ...uses(sources, networkUsers, (name) => {
    const plain = name.replace(/^(globalThis|window|self)\./, '');
    return networkNames.includes(plain) ? plain : undefined;
  }),
  ...eachImport(sources, (source, one) => {
    if (!inPackages(source.path) || one.typeOnly || !networkModules.test(one.specifier)) {
      return undefined;
    }
    return isPermitted(networkUsers, source.path, one.specifier)
      ? undefined
      : `opens the network with ${one.specifier}; see networkUsers in rules.ts`;
  }),
];

/** Operations are declared in protocol, each name once; so are the kinds of events. */
export const findDoubleNames: Finder = (sources) => {
  const seen = new Map<string, string>();
  const violations: string[] = [];
  const claim = (name: string, path: string): void => {
    const before = seen.get(name);
    if (before !== undefined) violations.push(`${path}: ${name} is declared in ${before} too`);
    seen.set(name, path);
    if (packageOf(path) !== 'protocol') violations.push(`${path}: ${name} belongs in protocol`);
  };
  for (const { path, program } of sources.filter((source) => inPackages(source.path))) {
    walk(program, (node) => {
      if (node.type === 'CallExpression' && dottedName(node['callee']) === 'defineOperation') {
        claim(`the operation ${propertyText(firstOf(node['arguments']), 'name')}`, path);
      }
      if (node.type === 'VariableDeclarator' && dottedName(node['id']) === 'eventKinds') {
        claim('the table eventKinds', path);
      }
    });
  }
  return violations;
};

/** Unused rows of the tables. */
export const findIdlePermits: Finder = (sources) => {
  const present = new Map(sources.map((source) => [source.path, source]));
  const permits = [...environmentReaders, ...clockReaders, ...networkUsers, ...lazyExceptions];
  return permits.flatMap(({ file, what }) => {
    const source = present.get(file);
    if (source === undefined) return [`${file}: is listed in rules.ts and does not exist`];
    return source.text.includes(what) ? [] : [`${file}: is listed for ${what}, and has none`];
  });
};

/** Rows and entries of the table of analysis that no import needs. */
export const findIdleParts: Finder = (sources) => {
  const used = new Set(
    sources
      .filter(({ path }) => !isTest(path))
      .flatMap(({ path, imports }) => {
        const from = analysisPart(path);
        return imports.map(({ target = '' }) => `${from} imports ${analysisPart(target)}`);
      }),
  );
  return Object.entries(analysisParts).flatMap(([from, others]) =>
    others
      .filter((to) => !used.has(`${from} imports ${to}`))
      .map((to) => `${from} may import ${to}, and does not`),
  );
};

function eachImport(
  sources: readonly SourceFile[],
  check: (source: SourceFile, one: Import) => string | undefined,
): string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((one) => {
      const violation = check(source, one);
      return violation === undefined ? [] : [`${source.path}:${one.line}: ${violation}`];
    }),
  );
}

/** Uses of a global outside the permitted files. */
function uses(
  sources: readonly SourceFile[],
  permits: readonly Permit[],
  match: (name: string) => string | undefined,
): string[] {
  return sources
    .filter(({ path }) => inPackages(path))
    .flatMap((source) => {
      const found = globalsOf(source).flatMap((name) => match(name) ?? []);
      return [...new Set(found)]
        .filter((name) => !isPermitted(permits, source.path, name))
        .map((name) => `${source.path}: uses ${name}, for which rules.ts does not list it`);
    });
}

/** Dotted names of values; `new Date()` without arguments counts as `Date.now`. */
function globalsOf(source: SourceFile): string[] {
  const names: string[] = [];
  walk(source.program, (node, parent) => {
    if (node.type === 'NewExpression' && dottedName(node['callee']) === 'Date') {
      if ((node['arguments'] as unknown[]).length === 0) names.push('Date.now');
    }
    const isLabel =
      parent !== undefined &&
      ((parent.type === 'MemberExpression' && parent['property'] === node) ||
        (parent['key'] === node && parent['shorthand'] !== true) ||
        parent.type.startsWith('TS'));
    const name = isLabel ? undefined : dottedName(node);
    if (name !== undefined) names.push(name);
  });
  return names;
}

function isPermitted(permits: readonly Permit[], file: string, what: string): boolean {
  return permits.some((one) => one.file === file && one.what === what);
}

/** Product code: packages without their tests. */
function inPackages(path: string): boolean {
  return path.startsWith('packages/') && path.includes('/src/') && !isTest(path);
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1];
}

function importedPackage(one: Import): string | undefined {
  if (one.target !== undefined) return packageOf(one.target);
  return /^@lazaret\/([^/]+)/.exec(one.specifier)?.[1];
}

/** `@lazaret/oci`, or one of the listed `@lazaret/oci/...`; `testing` from tests only. */
function isEntryPoint(specifier: string, name: string, fromTest: boolean): boolean {
  const inner = specifier.slice(`@lazaret/${name}`.length);
  if (inner === '') return true;
  const isListed = entryPoints[name]?.includes(inner.slice(1)) === true;
  return isListed && (inner !== '/testing' || fromTest);
}

/** The slice folder, the part of the floor, or the name of a file directly in src. */
export function serverUnit(path: string): string | undefined {
  return /^packages\/server\/src\/(?:floor\/)?([^/]+?)(?:\.ts|\/.*)$/.exec(path)?.[1];
}

/** The folder in analysis, a step of an inspection by both of its folders, or `index`. */
function analysisPart(path: string): string | undefined {
  return /^packages\/analysis\/src\/(inspection\/(?!testing\/)[^/]+(?=\/)|[^/]+?(?=\/|\.ts$))/.exec(
    path,
  )?.[1];
}

function isKnownUnit(unit: string): boolean {
  return unit in floor || unit in slices || unit in composition || unit === 'testing';
}

function throughEntryPoint(one: Import, unit: string): boolean {
  const { target = '' } = one;
  // A part of the floor may be a single file; roles and the app are not slices, and have no index.
  if (/^packages\/server\/src\/(?:floor\/)?[^/]+$/.test(target)) return true;
  if (unit in composition) return true;
  if (target.replace('/floor/', '/') === `packages/server/src/${unit}/index.ts`) return true;
  return publicFiles.some(({ file }) => file === target && one.typeOnly);
}

function mayImport(from: string, to: string): boolean {
  if (from in composition) return !(to in composition) || composition[from]?.includes(to) === true;
  const below = floor[from];
  if (below !== undefined) return below.includes(to);
  return to in floor || slices[from]?.includes(to) === true;
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

function propertyText(object: unknown, key: string): string {
  const { properties } = object as { properties: { key: unknown; value: { value: unknown } }[] };
  return String(properties.find((one) => dottedName(one.key) === key)?.value.value);
}
