/**
 * Packages of a report as components of a bill of materials: one for each package URL, with every
 * location.
 */
import type { DistributionFact, InspectionReport, PlacedPackage } from '@lazaret/protocol';

export interface Component {
  /** Unique within the report; the package URL where there is one. */
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string | undefined;
  /** At least one location, in the order of the report. */
  readonly places: readonly [PlacedPackage, ...PlacedPackage[]];
  /** Whether one of the locations is in the merged view and not removed. */
  readonly visible: boolean;
  readonly licenses: readonly string[];
}

export interface Components {
  readonly list: readonly Component[];
  /** The component of a package URL as written in the report. */
  readonly byPurl: ReadonlyMap<string, Component>;
}

/** Linear in the packages. */
export function collectComponents(report: InspectionReport): Components {
  const groups = new Map<string, [PlacedPackage, ...PlacedPackage[]]>();
  for (const one of report.packages) {
    const group = groups.get(componentKey(one));
    if (group === undefined) groups.set(componentKey(one), [one]);
    else group.push(one);
  }
  const takeRef = createRefs();
  const list = [...groups.values()].map((places): Component => {
    const [first] = places;
    const purl = isPurl(first.purl) ? withDistribution(first.purl, report.distribution) : undefined;
    return {
      ref: takeRef(purl ?? `package:${first.type}/${first.name}@${first.version}`),
      name: first.name === '' ? '(no name)' : first.name,
      version: first.version,
      purl,
      places,
      visible: places.some((place) => isVisible(place)),
      licenses: uniqueTexts(places.flatMap(({ licenses }) => licenses ?? [])),
    };
  });
  const byPurl = new Map(list.map((one) => [one.places[0].purl, one]));
  return { list, byPurl };
}

/** Rows of the same key are the same component. */
export function componentKey(one: PlacedPackage): string {
  if (isPurl(one.purl)) return one.purl;
  return [one.type, one.name, one.version, one.architecture ?? ''].join('\0');
}

/** Generates unique references. */
export function createRefs(): (wanted: string) => string {
  const taken = new Set<string>();
  const next = new Map<string, number>();
  return (wanted) => {
    let ref = wanted;
    // the prefix may itself end in a number
    for (let count = next.get(wanted) ?? 2; taken.has(ref); count += 1) {
      ref = `${wanted}#${count}`;
      next.set(wanted, count + 1);
    }
    taken.add(ref);
    return ref;
  };
}

export function isVisible({ hiddenBy, state }: PlacedPackage): boolean {
  return hiddenBy === undefined && state !== 'removed';
}

const managed: readonly string[] = ['deb', 'rpm', 'apk', 'alpm'];

/**
 * Adds the qualifier `distro` to packages of a distribution's manager: without it the same version
 * of two distributions could not be distinguished.
 */
function withDistribution(purl: string, distribution: DistributionFact | undefined): string {
  const type = /^pkg:([a-z]+)\//.exec(purl)?.[1] ?? '';
  if (distribution === undefined || !managed.includes(type)) return purl;
  const { id, versionId } = distribution;
  const name = versionId === undefined || versionId === '' ? id : `${id}-${versionId}`;
  const [rest, subpath] = splitOnce(purl, '#');
  const [path, query] = splitOnce(rest, '?');
  const pairs = (query ?? '').split('&').filter((pair) => pair !== '');
  if (pairs.some((pair) => pair.startsWith('distro='))) return purl;
  const all = [...pairs, `distro=${encodeText(name)}`].toSorted();
  return `${path}?${all.join('&')}${subpath === undefined ? '' : `#${subpath}`}`;
}

/** Percent-encoded for a URL; unpaired surrogates are replaced, since they cannot be encoded. */
export function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Other valid package URLs have no spaces or control characters. */
function isPurl(text: string): boolean {
  return /^pkg:[A-Za-z0-9.+-]+\/[^\s\p{C}]+$/u.test(text);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Without blank and duplicate values. */
function uniqueTexts(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))];
}
