/**
 * Looks a file up in lists, sealed sets and the software reference, on two axes that are never
 * combined: known as software, known as a threat. A file may be both. Known is not good.
 */
import { isProgram } from '../../format/file-kind.ts';
import { knownSoftwareFlag, knownThreatFlag, unwantedIn } from './hash-flags.ts';
import { findInList, isInForce } from './hash-list.ts';
import type { FileIdentity, HashAlgorithm, HashList } from './hash-list.ts';
import type { SealedSet } from './sealed-set.ts';
import { isMostlyTools } from './software-reference.ts';
import type { SoftwareRecord, SoftwareReference } from './software-reference.ts';

export interface ReputationSources {
  readonly lists?: readonly HashList[];
  readonly sealed?: readonly SealedSet[];
  readonly reference?: SoftwareReference;
  /** Configured sources that could not be opened, each with the reason. */
  readonly missing?: readonly string[];
  /** Milliseconds since 1970, for expiry. */
  readonly now: () => number;
}

/** `unavailable`: a source could not be read, and the others do not have the file. */
export type Known = 'yes' | 'no' | 'unavailable';

export interface ThreatMatch {
  /** The name of the list. */
  readonly list: string;
  /** Which digest matched; the weaker ones can be forged to match. */
  readonly matchedBy: HashAlgorithm;
  readonly label?: string;
  readonly source?: string;
  readonly reason?: string;
}

export interface Reputation {
  readonly software: Known;
  readonly threat: Known;
  readonly threats: readonly ThreatMatch[];
  /** Names of the lists and sets that have it as software. */
  readonly knownBy: readonly string[];
  readonly record?: SoftwareRecord;
  /** Why a source could not be queried. */
  readonly problem?: string;
}

/**
 * Smaller files are in many packages: licences, stubs, markers. Being known has no meaning for
 * them.
 */
export const tellingBytes = 64;

/** Looks the file up in all sources. Never throws. The empty file is unknown to all. */
export function lookUpReputation(sources: ReputationSources, file: FileIdentity): Reputation {
  if (file.sizeBytes === 0) return { software: 'no', threat: 'no', threats: [], knownBy: [] };
  const found: Findings = { threats: [], knownBy: [], problems: [...(sources.missing ?? [])] };
  search(sources, file, found);
  const { threats, problems, record } = found;
  const isTelling = file.sizeBytes >= tellingBytes;
  const knownBy = isTelling ? found.knownBy : [];
  const otherwise: Known = problems.length > 0 ? 'unavailable' : 'no';
  return {
    software: knownBy.length > 0 ? 'yes' : otherwise,
    threat: threats.length > 0 ? 'yes' : otherwise,
    threats,
    knownBy,
    ...(record !== undefined && isTelling && { record }),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  };
}

/**
 * Whether a file is known as software, by SHA-256 and size. Only for choosing what to examine
 * first: a known file may be a known threat, or be in the wrong place.
 */
export function knownSoftware(
  sources: ReputationSources,
  sha256: string,
  sizeBytes: number,
): Known {
  return lookUpReputation(sources, { sha256, sizeBytes }).software;
}

/**
 * Whether the record is a tool that may be unwanted. Tools include common libraries and
 * icons: only programs count, and only when nearly all packages that contain them are such tools.
 */
export function isUnwantedTool(record: SoftwareRecord, kind: string, mode: number): boolean {
  return isProgram(kind, mode) && isMostlyTools(record);
}

interface Findings {
  readonly threats: ThreatMatch[];
  readonly knownBy: string[];
  readonly problems: string[];
  record?: SoftwareRecord;
}

function search(sources: ReputationSources, file: FileIdentity, found: Findings): void {
  const nowMs = sources.now();
  for (const list of sources.lists ?? []) {
    if (isInForce(list, nowMs)) searchList(list, file, found);
  }
  for (const set of sources.sealed ?? []) {
    if (isInForce(set.header, nowMs)) searchSealed(set, file, found);
  }
  if (sources.reference !== undefined) searchReference(sources.reference, file, found);
}

function searchList(list: HashList, file: FileIdentity, found: Findings): void {
  const entry = findInList(list, file);
  if (entry === undefined) return;
  if (list.kind === 'allow') {
    found.knownBy.push(list.name);
    return;
  }
  const { name, source, reason } = list;
  const { algorithm: matchedBy, label } = entry;
  const more = { ...(source && { source }), ...(reason && { reason }), ...(label && { label }) };
  found.threats.push({ list: name, matchedBy, ...more });
}

function searchSealed(set: SealedSet, file: FileIdentity, found: Findings): void {
  const { name, source, reason } = set.header;
  try {
    const flags = set.find(file.sha256) ?? 0;
    if ((flags & knownSoftwareFlag) !== 0) found.knownBy.push(name);
    const categories = unwantedIn(flags);
    // Flags for tools are only sealed for files that hardly any other package contains.
    const record = { products: [], packages: 1, toolPackages: 1, categories };
    if (categories.length > 0) found.record ??= record;
    if ((flags & knownThreatFlag) !== 0) {
      const more = reason === undefined ? {} : { reason };
      found.threats.push({ list: name, matchedBy: 'sha256', source, ...more });
    }
  } catch (error) {
    found.problems.push(`${name} cannot be read: ${messageOf(error)}`);
  }
}

function searchReference(reference: SoftwareReference, file: FileIdentity, found: Findings): void {
  try {
    const record = reference.find(file.sha256, file.sizeBytes);
    if (record === undefined) return;
    found.record = record;
    found.knownBy.push(`software reference ${reference.release}`);
  } catch (error) {
    found.problems.push(`the software reference cannot be read: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
