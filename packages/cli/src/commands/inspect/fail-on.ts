/** `--fail-on`: from reports to an exit code. */
import { severity, type InspectionReport, type PlacedFinding } from '@lazaret/protocol';

import { exitCodes } from '../../exit-code.ts';
import { flagList, type Flags } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { failOnValues, type FailOnValue } from './flags.ts';
import { parseList } from './parse-list.ts';

const defaultFailOn: readonly FailOnValue[] = ['malicious', 'incomplete'];

/** The values of the flag; by default a malicious verdict and an incomplete one. */
export function parseFailOn(flags: Flags): readonly FailOnValue[] {
  const words = parseList(flagList(flags, 'failOn'), failOnValues, '--fail-on');
  if (words.length === 0) return defaultFailOn;
  if (words.includes('never') && words.length > 1) {
    throw usageFailure('--fail-on: never cannot be combined with other values');
  }
  return words;
}

/** The most severe reason counts: malicious, then findings, then incomplete coverage. */
export function exitCodeOfReports(
  reports: readonly InspectionReport[],
  words: readonly FailOnValue[],
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

/** A vulnerable package removed by a later layer cannot be used; malware and secrets remain. */
function counts({ class: kind, hiddenBy }: PlacedFinding): boolean {
  return hiddenBy === undefined || (kind !== 'vulnerability' && kind !== 'misconfiguration');
}
