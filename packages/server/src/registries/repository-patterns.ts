/** Which repositories and tags are watched: patterns of the settings and of a file. */
import { SourceError } from '@lazaret/oci';
import type { WatchSettings } from '@lazaret/protocol';

import type { FilePlaces } from '../floor/secret-reference.ts';
import { watchLimits } from './limits.ts';
import { createMatcher, hasWildcard, type NameMatcher } from './match-names.ts';
import { readServerFile } from './server-file.ts';

export interface WatchScope {
  readonly repositories: NameMatcher;
  readonly tags: NameMatcher;
  /** Repositories that are named without wildcards, and not excluded. */
  readonly named: readonly string[];
  /** Whether repositories must be listed to know which are watched. */
  readonly needsCatalog: boolean;
  /** The first path components of all patterns with wildcards; undefined when one is open. */
  readonly namespaces: readonly string[] | undefined;
}

/** Reads the file again each time. Throws SourceError when it cannot be read. */
export async function readScope(settings: WatchSettings, place: FilePlaces): Promise<WatchScope> {
  const { repositoryFile } = settings;
  const listed = repositoryFile === '' ? [] : await readPatterns(repositoryFile, place);
  // With a file, the default of all repositories would make the file pointless.
  const isDefault = settings.repositories.length === 1 && settings.repositories[0] === '**';
  const patterns = [
    ...(repositoryFile !== '' && isDefault ? [] : settings.repositories),
    ...listed,
  ];
  // What was copied there would arrive again.
  const { quarantineRepository: copies } = settings;
  const quarantined = copies === '' ? [] : [copies, `${copies}/**`];
  const repositories = createMatcher(patterns, [...settings.exclude, ...quarantined]);
  return {
    repositories,
    tags: createMatcher(settings.tags, settings.excludeTags),
    named: [...new Set(patterns.filter((one) => !hasWildcard(one) && repositories.matches(one)))],
    needsCatalog: patterns.some(hasWildcard),
    namespaces: namespacesOf(patterns.filter(hasWildcard)),
  };
}

function namespacesOf(patterns: readonly string[]): readonly string[] | undefined {
  const found = patterns.map((pattern) => /^([^/]+)\//.exec(pattern)?.[1] ?? '*');
  return found.some(hasWildcard) ? undefined : [...new Set(found)];
}

/** One pattern per line; blank lines and comments from `#` on are skipped. */
async function readPatterns(path: string, place: FilePlaces): Promise<string[]> {
  const what = 'the list of repositories';
  const text = await readServerFile(path, {
    ...{ what, place },
    maxBytes: watchLimits.repositoryFileBytes,
  });
  return text.split(/\r?\n/).flatMap((line, at) => {
    const pattern = line.replace(/#.*$/, '').trim();
    if (pattern === '') return [];
    if (/^[\w./*?-]+$/.test(pattern)) return [pattern];
    throw new SourceError('unsupported', `${what} ${path}: line ${at + 1} is not a pattern`);
  });
}
