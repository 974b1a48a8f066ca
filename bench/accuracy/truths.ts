/** The lists of the package managers of a root. */
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import type { Truth } from './compare.ts';
import { packageId } from './purl.ts';
import { lines, output } from './run-program.ts';

/** dpkg's own list. */
export async function debTruths(root: string): Promise<Truth[]> {
  const format = '${db:Status-Status} ${Package} ${Version}\n';
  const rows = await lines('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '-W', '-f', format]);
  return rows.flatMap((row) => {
    const [status, name = '', version = ''] = row.split(' ');
    return status === 'installed' ? [truth('deb', name, version)] : [];
  });
}

/** rpm's own list. */
export async function rpmTruths(root: string): Promise<Truth[]> {
  const format = '%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n';
  const rows = await lines('rpm', ['--dbpath', `${root}/var/lib/rpm`, '-qa', '--qf', format]);
  return rows.map((row) => {
    const [name = '', version = ''] = row.split(' ');
    return truth('rpm', name, version);
  });
}

/** `pip list`, run in the root by the root's own Python. */
export async function pipTruths(root: string): Promise<Truth[]> {
  if (!existsSync(join(root, 'usr/bin/pip3'))) return [];
  const words = [root, 'python3', '-m', 'pip', 'list', '--format', 'json'];
  const environment = { PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_CONFIG_FILE: '/dev/null' };
  const list = JSON.parse(await output('chroot', words, { environment })) as {
    name: string;
    version: string;
  }[];
  return list.map(({ name, version }) => truth('pypi', name, version));
}

/** `Gem::Specification`, run in the root by the root's own Ruby. */
export async function gemTruths(root: string): Promise<Truth[]> {
  if (!existsSync(join(root, 'usr/bin/ruby'))) return [];
  const script = 'Gem::Specification.each { |s| puts "#{s.name} #{s.version}" }';
  const rows = await lines('chroot', [root, 'ruby', '-e', script]);
  return rows.map((row) => {
    const [name = '', version = ''] = row.split(' ');
    return truth('gem', name, version);
  });
}

interface PackageFile {
  readonly name?: unknown;
  readonly version?: unknown;
}

/**
 * Debian has no list of node packages, so this is the rule by which Node finds them: a folder with
 * a name and a version in a `node_modules` folder, or in those that NODE_PATH names on Debian.
 */
export async function nodeTruths(root: string): Promise<Truth[]> {
  const files = await lines('find', [root, '-name', 'package.json', '-type', 'f']);
  const places = files.filter((file) => nodeFolder.test(file.slice(root.length)));
  const read = await Promise.all(
    places.map(async (file): Promise<Truth[]> => {
      const { name, version } = JSON.parse(await readFile(file, 'utf8')) as PackageFile;
      if (typeof name !== 'string' || typeof version !== 'string') return [];
      return [{ ...npmTruth(name, version), place: file.slice(root.length + 1) }];
    }),
  );
  return read.flat();
}

const nodeFolder = new RegExp(
  String.raw`(?:/node_modules|^/usr/share/nodejs|^/usr/lib/nodejs|^/usr/lib/[^/]+/nodejs)` +
    String.raw`/(?:@[^/]+/)?[^/]+/package\.json$`,
);

/** `npm ls` of a project, and the files of npm next to it. */
export async function npmTruths(project: string): Promise<Truth[]> {
  const hidden = JSON.parse(
    await readFile(join(project, 'node_modules/.package-lock.json'), 'utf8'),
  ) as { packages: Record<string, { name?: string; version: string }> };
  const locked = Object.entries(hidden.packages).flatMap(([place, { name, version }]) => {
    const folder = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return existsSync(join(project, place))
      ? [{ ...npmTruth(name ?? folder, version), place }]
      : [];
  });
  const words = ['ls', '--all', '--json'];
  const tree = await output('npm', words, { cwd: project, mayFail: true });
  const root = JSON.parse(tree) as NpmNode;
  const own = npmTruth(root.name ?? '', root.version ?? '');
  return [own, ...locked, ...flatten(root)];
}

interface NpmNode {
  readonly name?: string;
  readonly version?: string;
  readonly missing?: boolean;
  readonly dependencies?: Readonly<Record<string, NpmNode>>;
}

function flatten(node: NpmNode): Truth[] {
  return Object.entries(node.dependencies ?? {}).flatMap(([name, child]) => [
    ...(child.version === undefined || child.missing === true
      ? []
      : [npmTruth(name, child.version)]),
    ...flatten(child),
  ]);
}

function npmTruth(full: string, version: string): Truth {
  return truth('npm', full, version);
}

/**
 * Coordinates of Debian's archives: from the `pom.properties` that Maven left in them, else from
 * Debian's repository, in whose folders links with coordinates lead to the archives.
 */
export async function mavenTruths(root: string): Promise<Truth[]> {
  const jars = (await lines('find', [root, '-name', '*.jar', '-type', 'f'])).toSorted();
  const named = await repositoryNames(root);
  const truths = await Promise.all(
    jars.map(async (jar): Promise<Truth[]> => {
      const place = jar.slice(root.length + 1);
      const inside = await pomProperties(jar);
      const linked = named.get(jar) ?? [];
      const own = linked.length === 0 ? [] : [{ ecosystem: 'maven', anyOf: linked, place }];
      const artifacts = linked.map((id) => id.replace(/^.*:|@.*$/g, ''));
      const others = inside.filter(({ name }) => !artifacts.includes(name));
      const same = inside.filter(({ name }) => artifacts.includes(name));
      const all = own.map((each) => ({ ...each, anyOf: [...each.anyOf, ...same.map(mavenId)] }));
      return [
        ...all,
        ...others.map((pom) => ({ ecosystem: 'maven', anyOf: [mavenId(pom)], place })),
      ];
    }),
  );
  return truths.flat();
}

interface Pom {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
}

async function pomProperties(jar: string): Promise<Pom[]> {
  const words = ['-p', jar, 'META-INF/maven/*/pom.properties'];
  const text = await output('unzip', words, { mayFail: true });
  const poms: Pom[] = [];
  let fields = new Map<string, string>();
  for (const line of `${text}\n#`.split(/\r?\n/)) {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (fields.has(key) || line.startsWith('#')) {
      const [name, version] = [fields.get('artifactId'), fields.get('version')];
      if (name !== undefined && version !== undefined) {
        poms.push({ namespace: fields.get('groupId') ?? '', name, version });
        fields = new Map();
      }
    }
    if (key !== '') fields.set(key, value);
  }
  return poms;
}

/** By archive: the coordinates of links to it; Debian's alias version `debian` is ignored. */
async function repositoryNames(root: string): Promise<Map<string, string[]>> {
  const repository = join(root, 'usr/share/maven-repo');
  const names = new Map<string, string[]>();
  if (!existsSync(repository)) return names;
  for (const link of await lines('find', [repository, '-name', '*.jar'])) {
    const parts = link.slice(repository.length + 1).split('/');
    const [version = '', name = ''] = parts.slice(-3, -1).toReversed();
    const jar = await realpath(link).catch(() => '');
    if (version === 'debian' || !jar.startsWith(root)) continue;
    const id = mavenId({ namespace: parts.slice(0, -3).join('.'), name, version });
    names.set(jar, [...(names.get(jar) ?? []), id]);
  }
  return names;
}

function mavenId({ namespace, name, version }: Pom): string {
  return packageId('maven', { namespace, name, version }).id;
}

function truth(ecosystem: string, name: string, version: string): Truth {
  const { id } = packageId(ecosystem, { name, version });
  return { ecosystem, anyOf: [id] };
}
