/** The files of Maven in archives: `pom.properties`, and the project's `pom.xml`. */
import { readXml } from '../parsing/untrusted-xml.ts';

export interface MavenCoordinates {
  readonly group: string | undefined;
  readonly artifact: string;
  readonly version: string;
}

const word = /^[\w.+~-]{1,200}$/;

/** Undefined when artifact or version is missing or invalid. */
export function parsePomProperties(bytes: Buffer): MavenCoordinates | undefined {
  const values = new Map<string, string>();
  for (const line of bytes.toString('latin1', 0, 65_536).split(/[\r\n]+/)) {
    const found = /^\s*(groupId|artifactId|version)\s*[=:]\s*(\S+)/.exec(line);
    if (found?.[1] !== undefined && found[2] !== undefined) values.set(found[1], found[2]);
  }
  return coordinates(values.get('groupId'), values.get('artifactId'), values.get('version'));
}

const ownFields: readonly string[] = ['project/groupId', 'project/artifactId', 'project/version'];
const wanted: ReadonlySet<string> = new Set([
  ...ownFields,
  ...['project/parent/groupId', 'project/parent/version'],
]);

/**
 * The project's own coordinates, of which group and version may be those of its parent. Values that
 * Maven would compute (`${revision}`) are not known. Entities of a DTD are never expanded.
 */
export function parsePomXml(bytes: Buffer): MavenCoordinates | undefined {
  const values = new Map<string, string>();
  readXml(bytes, {
    text: (text, open) => {
      const place = open.length > 3 ? '' : open.join('/');
      if (wanted.has(place)) values.set(place, `${values.get(place) ?? ''}${text}`.trim());
    },
    // A pom that is damaged further on still has its coordinates: they come first.
    isEnough: () => ownFields.every((name) => values.has(name)),
  });
  const own = (name: string): string | undefined =>
    values.get(`project/${name}`) ?? values.get(`project/parent/${name}`);
  return coordinates(own('groupId'), values.get('project/artifactId'), own('version'));
}

function coordinates(
  group: string | undefined,
  artifact: string | undefined,
  version: string | undefined,
): MavenCoordinates | undefined {
  if (artifact === undefined || version === undefined) return undefined;
  if (!word.test(artifact) || !word.test(version)) return undefined;
  return { group: group !== undefined && word.test(group) ? group : undefined, artifact, version };
}
