/**
 * What the inventory reads of one ecosystem: a package manager, a language, or a kind of file. Each
 * ecosystem is a folder whose `capabilities.ts` describes its readers, and `ecosystems.ts` lists
 * them. The inspection runs the readers of these descriptions and no others, so that a reader
 * without a description does not exist. The documentation and `lazaret inspect readers` show them;
 * `capabilities.test.ts` compares them with what the readers accept and produce.
 */
import type { PackageFact } from '@lazaret/protocol';

import type { Reader } from './reader.ts';

export interface Ecosystem {
  /** The name of its folder. */
  readonly name: string;
  readonly title: string;
  readonly group: EcosystemGroup;
  /** In the order in which they read a file. */
  readonly readers: readonly DescribedReader[];
  /** Files that belong to the ecosystem and that no reader reads. */
  readonly unread: readonly UnreadFile[];
  /** What else is missing or inexact, one sentence each. */
  readonly gaps: readonly string[];
}

/** The section of the documentation. */
export type EcosystemGroup = 'system' | 'language' | 'other' | 'unsupported';

/** A reader with what it reads and produces. */
export interface DescribedReader {
  readonly reader: Reader;
  /** A clause that says what the files are. */
  readonly summary: string;
  /** Every selection of `wants` is in one of these. */
  readonly files: readonly ReadFile[];
  /** Files that match a pattern and are not read. */
  readonly except?: readonly UnreadFile[];
  readonly yields: Yields;
}

/**
 * A pattern as shells and .gitignore have it, from the root of the examined tree: two stars and a
 * slash are any number of directories, one star is any part of a name, `{a,b}` is one of both.
 */
export interface ReadFile {
  readonly pattern: string;
  /** A path that matches the pattern and that the reader accepts. */
  readonly example: string;
  /** Files are selected by content too: the name of the format, and its first bytes as latin1. */
  readonly content?: { readonly format: string; readonly magic: readonly string[] };
  /** The package, where the file can only be that one. */
  readonly package?: string;
}

export interface UnreadFile {
  readonly pattern: string;
  /** A path that matches the pattern and that is not accepted. */
  readonly example: string;
  /** A clause that says what the files are, or why they are not read. */
  readonly reason: string;
}

/** What a reader produces besides diagnostics; a reader without any of it reports gaps only. */
export interface Yields {
  readonly packages?: PackageYield;
  /** Files that packages own, and the digests that the list may have for them. */
  readonly ownedFiles?: { readonly digests: readonly DigestName[] };
  readonly distribution?: true;
  readonly accounts?: true;
}

export interface PackageYield {
  /** Types of package URLs; `any` where the file itself contains package URLs. */
  readonly purlTypes: readonly string[] | 'any';
  /** The package URL in a report, with `<placeholders>`. */
  readonly purl: string;
  /** Where the version comes from. */
  readonly foundBy: readonly PackageFact['foundBy'][];
  readonly states: readonly PackageFact['state'][];
  /** Other properties that packages have where the file states them. */
  readonly details: readonly PackageDetail[];
}

/** Optional properties of a package. */
export const packageDetails = [
  ...(['architecture', 'source', 'licenses', 'supplier', 'dependsOn'] as const),
] satisfies readonly (keyof PackageFact)[];
export type PackageDetail = (typeof packageDetails)[number];

/** Algorithm of the digests of an `OwnershipFact`. */
export type DigestName = 'md5' | 'sha1' | 'sha256';
