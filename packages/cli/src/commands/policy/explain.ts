/** `lazaret policy explain` */
import type { PolicyResult } from '@lazaret/policy';
import { plural, type InspectionReport } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { usageFailure } from '../../failure.ts';
import { formatPolicyResult, type ExplainedResult } from '../../render/policy-page.ts';
import { printNote, printStructured, writeOut } from '../../render/print.ts';
import { createStyle, widthOf } from '../../render/style.ts';
import { readSavedReports } from '../inspect/convert.ts';
import { loadAnalysis } from '../inspect/load-analysis.ts';
import { loadPolicyPackage, requirePolicy } from './load-policy.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { shell, flags } = invocation;
  const [path = ''] = invocation.arguments;
  const reportPath = flagText(flags, 'report');
  if (reportPath === undefined) {
    const hint = 'Save one with `lazaret inspect IMAGE -o json -O FILE`.';
    throw usageFailure('missing --report FILE', { hint });
  }
  if (path === '-' && reportPath === '-') {
    throw usageFailure('only one of policy and report can be standard input');
  }
  const now = readTime(invocation);
  const { policy, exceptions, notes } = await requirePolicy(shell, path);
  const reports = await readSavedReports(shell, reportPath);
  const { buildFacts, evaluatePolicy } = await loadPolicyPackage();
  const { compareVersions, parseReference } = await loadAnalysis();
  const results = reports.map((report) => {
    const context = { ...contextOf(report, parseReference), ...contextFlags(invocation) };
    const facts = buildFacts(report, { context, now });
    return {
      image: report.source.reference,
      inspection: facts.verdict.state,
      context: facts.context,
      ...evaluatePolicy(policy, { facts, compareVersions, exceptions, explain: true }),
    };
  });
  await printResults(invocation, results);
  if (notes.length > 0) {
    const what = plural(
      notes.length,
      'statement of VEX documents is',
      'statements of VEX documents are',
    );
    await printNote(invocation, `note: ${what} not used; see \`lazaret policy validate\``);
  }
  const verdicts = results.map(({ verdict }) => verdict);
  return flagOn(flags, 'exitCode') ? exitCodeOf(verdicts) : exitCodes.ok.code;
}

function exitCodeOf(verdicts: readonly PolicyResult['verdict'][]): number {
  if (verdicts.includes('fail')) return exitCodes.findings.code;
  return verdicts.includes('incomplete') ? exitCodes.incomplete.code : exitCodes.ok.code;
}

async function printResults(
  invocation: Invocation,
  results: readonly ExplainedResult[],
): Promise<void> {
  const { shell, settings } = invocation;
  if (settings.output !== 'table') {
    await printStructured(invocation, results.length === 1 ? results[0] : results);
  } else if (!settings.quiet) {
    const options = {
      style: createStyle(settings.color.stdout),
      widthChars: settings.wide ? undefined : widthOf(shell.stdout),
    };
    const pages = results.map((result) => formatPolicyResult(result, options));
    await writeOut(invocation, pages.join('\n'));
  }
}

function readTime({ shell, flags }: Invocation): string {
  const given = flagText(flags, 'now');
  const ms = given === undefined ? shell.now() : Date.parse(given);
  if (Number.isNaN(ms)) {
    const message = `invalid --now "${given ?? ''}" (expected e.g. 2027-01-31T00:00:00Z)`;
    throw usageFailure(message);
  }
  return new Date(ms).toISOString();
}

interface ImageContext {
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
}

/** Where a report says that its image is from. */
function contextOf(
  { source }: InspectionReport,
  parseReference: (text: string) => {
    readonly host: string;
    readonly repository: string;
    readonly tag?: string | undefined;
  },
): ImageContext {
  if (source.kind !== 'registry') return {};
  const { host, repository, tag } = parseReference(source.reference.replace(/^docker:\/\//, ''));
  return { registry: host, repository, ...(tag !== undefined && { tag }) };
}

function contextFlags({ flags }: Invocation): ImageContext {
  const names = ['registry', 'repository', 'tag'] as const;
  const given = names.flatMap((name) => {
    const value = flagText(flags, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}
