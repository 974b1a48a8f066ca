/** Recall and precision of a list of packages compared with the package managers. */
import type { PackageId } from './purl.ts';

/** An installed package, with every correct coordinate. */
export interface Truth {
  readonly ecosystem: string;
  readonly anyOf: readonly string[];
  /** Its location, if the manager has it. */
  readonly place?: string;
}

export interface Found extends PackageId {
  readonly place: string;
}

export interface Score {
  readonly ecosystem: string;
  /** Installed packages, and how many of them were found. */
  readonly expected: number;
  readonly matched: number;
  /** Reported packages, and how many of them are installed. */
  readonly named: number;
  readonly right: number;
  readonly missed: readonly string[];
  readonly surplus: readonly string[];
}

/** Each name counts once, in any number of locations. */
export function score(truths: readonly Truth[], found: readonly Found[]): Score[] {
  const ecosystems = new Set([...truths, ...found].map(({ ecosystem }) => ecosystem));
  return [...ecosystems].toSorted().map((ecosystem) => {
    const there = unique(
      truths.filter((each) => each.ecosystem === ecosystem),
      ({ anyOf }) => anyOf.join(' '),
    );
    const named = unique(
      found.filter((each) => each.ecosystem === ecosystem),
      ({ id }) => id,
    );
    const ids = new Set(named.map(({ id }) => id));
    const right = new Set(there.flatMap(({ anyOf }) => anyOf));
    const missed = there.filter(({ anyOf }) => !anyOf.some((id) => ids.has(id)));
    const surplus = named.filter(({ id }) => !right.has(id));
    return {
      ecosystem,
      expected: there.length,
      matched: there.length - missed.length,
      named: named.length,
      right: named.length - surplus.length,
      missed: missed.map(({ anyOf, place }) => withPlace(anyOf[0] ?? '', place)),
      surplus: surplus.map(({ id, place }) => withPlace(id, place)),
    };
  });
}

function unique<T>(list: readonly T[], key: (each: T) => string): T[] {
  return [...new Map(list.map((each) => [key(each), each])).values()];
}

function withPlace(id: string, place: string | undefined): string {
  return place === undefined ? id : `${id} (${place})`;
}
