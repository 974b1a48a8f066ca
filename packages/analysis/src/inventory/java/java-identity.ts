/**
 * The identity of a Java archive: from the files of Maven in it, else from its manifest and its
 * file name. A library that is shaded into another one keeps its `pom.properties` and is a separate
 * package.
 */
import { limits } from '@lazaret/protocol';
import type { PackageFact } from '@lazaret/protocol';

import type { ZipMember } from '../../archive/zip-entry.ts';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { parseManifest } from './java-manifest.ts';
import type { ManifestFields } from './java-manifest.ts';
import { wellKnownGroup } from './maven-groups.ts';
import { parsePomProperties, parsePomXml } from './maven-coordinates.ts';
import type { MavenCoordinates } from './maven-coordinates.ts';

export interface JavaArchive {
  /** `outer.war!/WEB-INF/lib/a.jar`. */
  readonly path: string;
  readonly members: readonly ZipMember[];
  /** The content of a member, or undefined when it is unavailable (which was reported). */
  readonly read: (member: ZipMember, maxBytes: number) => Buffer | undefined;
}

const mavenFolder = 'META-INF/maven/';
const manifestName = 'meta-inf/manifest.mf';
const pomPropertiesBytes = 65_536;

/** The archive's own package, and those of libraries whose classes it contains. */
export function identify(archive: JavaArchive): PackageFact[] {
  const poms = readPoms(archive);
  const manifest = readManifest(archive);
  const named = parseFileName(archive.path);
  const facts = poms.map(({ path, ...found }) => {
    const own = isSame(found, named) ? origin(manifest.fields) : {};
    return mavenFact(found, { path, foundBy: 'metadata', ...own });
  });
  const isSilent = poms.length === 0 && manifest.path === undefined;
  const isKnown = poms.some((pom) => isSame(pom, named)) || isRenamed(poms, manifest, named);
  if (!isKnown && !isPartOfRuntime(manifest) && !(isSilent && hasEnding(archive.path, 'zip'))) {
    const own = describeItself(archive.path, manifest, named);
    // Without a version this only says that a file of that name exists.
    if (own.version !== '' || poms.length === 0) facts.push(own);
  }
  return unique(facts);
}

interface FoundManifest {
  readonly path: string | undefined;
  readonly fields: ManifestFields;
}

function readManifest(archive: JavaArchive): FoundManifest {
  const member = findManifest(archive.members);
  const bytes =
    member === undefined ? undefined : archive.read(member, inventoryLimits.javaManifestBytes);
  if (member === undefined || bytes === undefined) return { path: undefined, fields: new Map() };
  return { path: `${archive.path}!/${member.path}`, fields: parseManifest(bytes) };
}

function describeItself(
  archivePath: string,
  manifest: FoundManifest,
  named: NamedVersion,
): PackageFact {
  const { fields } = manifest;
  const { version, foundBy } = versionOf(fields, named);
  const path = foundBy === 'pattern' ? archivePath : (manifest.path ?? archivePath);
  const artifact = artifactOf(fields, named);
  const group = repositoryGroup(archivePath, named) ?? wellKnownGroup(artifact) ?? groupOf(fields);
  return mavenFact({ group, artifact, version }, { path, foundBy, ...origin(fields) });
}

function findManifest(members: readonly ZipMember[]): ZipMember | undefined {
  return members.find(({ path }) => path.length === 20 && path.toLowerCase() === manifestName);
}

type FoundPom = MavenCoordinates & { readonly path: string };

/** A `pom.xml` is read only if there is no `pom.properties` next to it. */
function readPoms(archive: JavaArchive): FoundPom[] {
  const found: FoundPom[] = [];
  const folders = new Set<string>();
  const keep = (member: ZipMember, pom: MavenCoordinates | undefined): void => {
    if (pom === undefined || found.length >= inventoryLimits.packagesPerFile) return;
    folders.add(folderOf(member.path));
    found.push({ ...pom, path: `${archive.path}!/${member.path}` });
  };
  const inMaven = archive.members.filter(({ path }) => path.startsWith(mavenFolder));
  for (const member of inMaven) {
    if (!member.path.endsWith('/pom.properties')) continue;
    const bytes = archive.read(member, pomPropertiesBytes);
    if (bytes !== undefined) keep(member, parsePomProperties(bytes));
  }
  for (const member of inMaven) {
    if (!member.path.endsWith('/pom.xml') || folders.has(folderOf(member.path))) continue;
    const bytes = archive.read(member, inventoryLimits.javaPomBytes);
    if (bytes !== undefined) keep(member, parsePomXml(bytes));
  }
  return found;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

/** `a_2.13-3.12.0.jar`: the version begins at the first digit after a dash, else an underscore. */
function parseFileName(path: string): NamedVersion {
  const last = path.slice(path.lastIndexOf('/') + 1).slice(0, limits.fileNameBytes);
  const stem = last.replace(/\.[^.]*$/, '');
  const plainDash = stem.search(/-v?\d/);
  const dash = plainDash > 0 ? plainDash : stem.search(/_v?\d/);
  if (dash <= 0) return { name: stem, version: '' };
  return { name: stem.slice(0, dash), version: stem.slice(dash + 1).replace(/^v(?=\d)/, '') };
}

/** Names may contain digits, so the version may be elsewhere, or be renamed. */
function isSame(pom: MavenCoordinates, named: NamedVersion): boolean {
  const artifact = pom.artifact.replaceAll('_', '-');
  if (artifact === named.name.replaceAll('_', '-')) return true;
  const whole = `${named.name}-${named.version}`.replaceAll('_', '-');
  return whole === artifact || (whole.startsWith(`${artifact}-`) && whole.includes(pom.version));
}

/**
 * Debian's `maven3-core.jar` is `maven-core`: it contains one project, with the version of the
 * archive.
 */
function isRenamed(
  poms: readonly MavenCoordinates[],
  { fields }: FoundManifest,
  named: NamedVersion,
): boolean {
  const [only, ...more] = poms;
  if (only === undefined || more.length > 0) return false;
  const version = named.version === '' ? versionOf(fields, named).version : named.version;
  return only.version === version;
}

/** Archives of the Java runtime itself, which its `release` file identifies. */
function isPartOfRuntime({ fields }: FoundManifest): boolean {
  return fields.get('implementation-title') === 'Java Runtime Environment';
}

/**
 * The file name first: it comes from a repository, whereas bundles write versions in OSGi's
 * format and specifications their own.
 */
function versionOf(
  manifest: ManifestFields,
  named: NamedVersion,
): { version: string; foundBy: PackageFact['foundBy'] } {
  const said = [
    ...['plugin-version', 'implementation-version', 'bundle-version', 'specification-version'],
  ].flatMap((name) => manifest.get(name)?.trim() ?? []);
  const [first = ''] = said.filter((text) => /^[\w.+~-]{1,100}$/.test(text));
  if (named.version !== '') {
    const isConfirmed = said.includes(named.version);
    return { version: named.version, foundBy: isConfirmed ? 'metadata' : 'pattern' };
  }
  return { version: first, foundBy: first === '' ? 'pattern' : 'metadata' };
}

function artifactOf(manifest: ManifestFields, named: NamedVersion): string {
  const plugin =
    manifest.get('plugin-version') === undefined ? undefined : manifest.get('short-name');
  return plugin !== undefined && /^[\w.-]{1,200}$/.test(plugin) ? plugin : named.name;
}

/** In a Maven repository the folders have it: `repository/org/example/name/1.0/name-1.0.jar`. */
function repositoryGroup(path: string, { name, version }: NamedVersion): string | undefined {
  const parts = path.split('/').slice(0, -1);
  if (parts.pop() !== version || parts.pop() !== name) return undefined;
  const start = Math.max(parts.lastIndexOf('repository'), parts.lastIndexOf('maven-repo'));
  return start >= 0 && start < parts.length - 1 ? parts.slice(start + 1).join('.') : undefined;
}

const dotted = /^[a-zA-Z][\w-]{0,60}(?:\.[\w-]{1,60}){1,10}$/;

function groupOf(manifest: ManifestFields): string | undefined {
  const given = manifest.get('group-id') ?? manifest.get('implementation-vendor-id');
  if (given !== undefined && dotted.test(given)) return given;
  const names = [manifest.get('bundle-symbolicname'), manifest.get('automatic-module-name')];
  for (const text of names) {
    const name = text?.slice(0, 500).split(';', 1)[0]?.trim() ?? '';
    if (!dotted.test(name)) continue;
    const parts = name.split('.');
    return parts.length > 2 ? parts.slice(0, -1).join('.') : name;
  }
  return undefined;
}

type Origin = Pick<PackageFact, 'supplier' | 'licenses'>;

function origin(manifest: ManifestFields): Origin {
  const supplier = (manifest.get('implementation-vendor') ?? manifest.get('bundle-vendor'))?.trim();
  const license = manifest.get('bundle-license')?.trim();
  return {
    ...(isShort(supplier) ? { supplier } : {}),
    ...(isShort(license) ? { licenses: [license] } : {}),
  };
}

function isShort(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text.length <= limits.textFilterChars;
}

function mavenFact(
  { group, artifact, version }: MavenCoordinates,
  facts: Pick<PackageFact, 'path' | 'foundBy'> & Origin,
): PackageFact {
  return {
    kind: 'package',
    ...facts,
    type: 'maven',
    name: group === undefined ? artifact : `${group}:${artifact}`,
    version,
    purl: packageUrl({
      type: 'maven',
      namespace: group,
      name: artifact,
      version: version === '' ? undefined : version,
    }),
    state: 'installed',
  };
}

function unique(facts: readonly PackageFact[]): PackageFact[] {
  return [...new Map(facts.toReversed().map((fact) => [fact.purl, fact])).values()].toReversed();
}

export function hasEnding(path: string, ...endings: readonly string[]): boolean {
  return endings.includes(path.slice(path.lastIndexOf('.') + 1).toLowerCase());
}
