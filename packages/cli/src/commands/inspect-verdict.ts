/** `--fail-on`: from reports to an exit code. */
import { severity, type InspectionReport, type PlacedFinding } from '@lazaret/protocol';

import { exitCodes } from '../exit-code.ts';
import { flagList, type Flags } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { failWords, type FailWord } from './inspect-flags.ts';
import { chooseWords } from './choose-words.ts';

const unlessGiven: readonly FailWord[] = ['malicious', 'incomplete'];

/** What was asked for, or a malicious verdict and an incomplete one. */
export function readFailWords(flags: Flags): readonly FailWord[] {
  const words = chooseWords(flagList(flags, 'failOn'), failWords, '--fail-on');
  if (words.length === 0) return unlessGiven;
  if (words.includes('never') && words.length > 1) {
    throw usageFailure('--fail-on: never goes with no other');
  }
  return words;
}

/** The worst reason comes first: malicious, then findings, then what is missing. */
export function exitCodeOfReports(
  reports: readonly InspectionReport[],
  words: readonly FailWord[],
): number {
  const isState = (state: InspectionReport['verdict']['state']): boolean =>
    reports.some(({ verdict }) => verdict.state === state);
  if (words.includes('malicious') && isState('malicious')) return exitCodes.malicious.code;
  const threshold = Math.max(...words.map((word) => severity.options.findIndex((s) => s === word)));
  const isReached = reports.some(({ findings }) =>
    findings.some((one) => counts(one) && severity.options.indexOf(one.severity) <= threshold),
  );
  const isSuspicious =
    words.includes('suspicious') && (isState('suspicious') || isState('malicious'));
  if (isReached || isSuspicious) return exitCodes.findings.code;
  const isPartial = reports.some(({ coverage }) => !coverage.complete);
  const isIncomplete = words.includes('incomplete') && (isPartial || isState('incomplete'));
  const isUnscanned = words.includes('unscanned') && isState('unscanned');
  return isIncomplete || isUnscanned ? exitCodes.incomplete.code : exitCodes.ok.code;
}

/** A flaw in software that a later layer took away cannot be used; malware and secrets remain. */
function counts({ class: kind, hiddenBy }: PlacedFinding): boolean {
  return hiddenBy === undefined || (kind !== 'vulnerability' && kind !== 'misconfiguration');
}
