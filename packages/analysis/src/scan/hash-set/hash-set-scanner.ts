/** The scanner `hash-set`: known threats, and known tools that may be unwanted, by digest. */
import { hash } from 'node:crypto';

import type {
  FileFinding,
  ScanAnswer,
  Scanner,
  ScannerDescription,
  ScanSubject,
} from '../scanner.ts';
import { isInForce } from './hash-list.ts';
import type { HashList } from './hash-list.ts';
import { isUnwantedTool, lookUpReputation, tellingBytes } from './reputation.ts';
import type { Reputation, ReputationSources, ThreatMatch } from './reputation.ts';
import type { SoftwareRecord } from './software-reference.ts';

/**
 * Findings of class `known-bad` for digests on deny lists, and `dual-use` for known tools. Being
 * known as software neither causes nor removes a finding. The scanner owns the sources: `close`
 * closes them.
 */
export function createHashSetScanner(options: ReputationSources): Scanner {
  let isOpen = true;
  return {
    id: 'hash-set',
    needs: 'digests',
    // Depends on whether a tool is executable, which is a property of the path, not the content.
    pathMatters: true,
    describe: () => Promise.resolve(describeSets(options, isOpen)),
    wants: ({ sizeBytes }) => sizeBytes > 0,
    scan: (subject) => Promise.resolve(isOpen ? scanFile(options, subject) : closedAnswer(options)),
    close: () => {
      if (isOpen) {
        isOpen = false;
        options.reference?.close();
        for (const set of options.sealed ?? []) set.close();
      }
      return Promise.resolve();
    },
  };
}

function describeSets(options: ReputationSources, isOpen: boolean): ScannerDescription {
  const problems = [
    ...(options.missing ?? []),
    ...(options.lists ?? []).flatMap(warningsOf),
    ...(isOpen ? [] : ['the lists were closed']),
  ];
  return {
    engine: 'Lazaret hash sets 1',
    signatures: signaturesOf(options),
    ...digestCount(options),
    limits: `telling=${tellingBytes}`,
    healthy: problems.length === 0,
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
  };
}

/** The digests of all lists; unknown if there is a sealed set or a software reference. */
function digestCount({ lists = [], sealed = [], reference }: ReputationSources): {
  readonly rules?: number;
} {
  if (sealed.length > 0 || reference !== undefined) return {};
  return { rules: lists.reduce((sum, { entries }) => sum + entries.size, 0) };
}

/** An unreadable line of a deny list may be the file in question. */
function warningsOf({ kind, name, skipped }: HashList): string[] {
  if (kind === 'allow' || skipped === 0) return [];
  return [`${name}: ${skipped} of its lines have no SHA-256, SHA-1 or MD5`];
}

/** The valid lists: an expired list changes results, so it changes the identity. */
function signaturesOf({
  lists = [],
  sealed = [],
  reference,
  missing = [],
  now,
}: ReputationSources): string {
  const nowMs = now();
  const parts = [
    ...lists.filter((list) => isInForce(list, nowMs)).map(({ identity }) => identity),
    ...sealed
      .filter(({ header }) => isInForce(header, nowMs))
      .map(({ header }) => JSON.stringify(header)),
    ...missing.map((each) => `missing ${each}`),
  ];
  const release = reference === undefined ? 'no software reference' : reference.release;
  return `${release}; lists ${hash('sha256', JSON.stringify(parts))}`;
}

function scanFile(options: ReputationSources, subject: ScanSubject): ScanAnswer {
  const reputation = lookUpReputation(options, subject);
  const { threats, record, problem } = reputation;
  const findings = threats.map((match) => threatFinding(match, reputation, subject));
  if (record !== undefined && isUnwantedTool(record, subject.kind, subject.mode)) {
    findings.push(toolFinding(record));
  }
  const signatures = signaturesOf(options);
  if (problem === undefined) return { state: 'examined', findings, signatures };
  return { state: 'partial', findings, reason: 'not_available', detail: problem, signatures };
}

function closedAnswer(options: ReputationSources): ScanAnswer {
  const signatures = signaturesOf(options);
  const detail = 'the lists were closed';
  return { state: 'failed', findings: [], reason: 'not_available', detail, signatures };
}

function threatFinding(match: ThreatMatch, known: Reputation, subject: ScanSubject): FileFinding {
  const { list, matchedBy, label, source, reason } = match;
  const isTiny = subject.sizeBytes < tellingBytes;
  const isWeak = matchedBy !== 'sha256';
  return {
    class: 'known-bad',
    severity: isTiny ? 'low' : isWeak ? 'medium' : 'high',
    rule: list,
    title: `A file on the list ${list}${label === undefined ? '' : `: ${label}`}`,
    evidence: {
      matchedBy,
      digest: subject[matchedBy] ?? '',
      ...(isWeak && {
        caution: `${matchedBy} can be forged: another file may have been made to match`,
      }),
      ...(isTiny && { tooSmall: `below ${tellingBytes} bytes unrelated files are often equal` }),
      ...(source === undefined ? {} : { source }),
      ...(reason === undefined ? {} : { reason }),
      ...(known.knownBy.length === 0 ? {} : { alsoKnownAsSoftwareBy: [...known.knownBy] }),
    },
  };
}

function toolFinding({
  categories,
  products,
  packages,
  toolPackages,
}: SoftwareRecord): FileFinding {
  return {
    class: 'dual-use',
    severity: 'low',
    rule: `software-reference/${categories[0] ?? 'tool'}`,
    title: `A known tool: ${products[0] ?? categories[0] ?? 'unnamed'}`,
    evidence: {
      categories: [...categories],
      products: [...products],
      toolPackages: `${toolPackages} of ${packages} packages that contain it`,
    },
  };
}
