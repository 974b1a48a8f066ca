/** `lazaret inspect diff`: compares two images or saved reports. */
import { open } from 'node:fs/promises';

import type { SharedRates } from '@lazaret/analysis';
import type { InspectionReport, ReportDifference } from '@lazaret/protocol';

import { flagOn, type Invocation } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { usageFailure } from '../../failure.ts';
import { formatDifference } from '../../render/inspection-difference.ts';
import { printStructured, printNote, writeOut } from '../../render/print.ts';
import { createStyle, widthOf } from '../../render/style.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { readSavedReports } from './convert.ts';
import { loadAnalysis } from './load-analysis.ts';
import { readRequest } from './read-request.ts';
import { inspectOne } from './inspect.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { settings, shell, flags } = invocation;
  const [first = '', second = ''] = invocation.arguments;
  const { compareReports, SharedRates } = await loadAnalysis();
  const sharedRates = new SharedRates({ now: shell.now });
  const before = await readSide(invocation, first, sharedRates);
  const after = await readSide(invocation, second, sharedRates);
  const { pairs, unmatched } = pair(before, after);
  const differences = pairs.map(([one, other]) => compareReports(one, other));
  if (settings.quiet || settings.output !== 'table') {
    if (!settings.quiet) {
      await printStructured(invocation, differences.length === 1 ? differences[0] : differences);
    }
  } else {
    const options = {
      style: createStyle(settings.color.stdout),
      widthChars: widthOf(shell.stdout),
      filesHint: 'save both reports with --files',
    };
    await writeOut(invocation, differences.map((one) => formatDifference(one, options)).join('\n'));
  }
  for (const text of unmatched) await printNote(invocation, `note: ${text}`);
  if (!flagOn(flags, 'exitCode')) return exitCodes.ok.code;
  if (differences.some((one) => hasDifference(one)) || unmatched.length > 0) {
    return exitCodes.findings.code;
  }
  const isComplete = differences.every(({ notComparable }) => notComparable.length === 0);
  return isComplete ? exitCodes.ok.code : exitCodes.incomplete.code;
}

async function readSide(
  invocation: Invocation,
  reference: string,
  sharedRates: SharedRates,
): Promise<readonly InspectionReport[]> {
  if (reference === '-' || (await startsWithJson(reference))) {
    return readSavedReports(invocation.shell, reference);
  }
  const request = await readRequest(invocation, { reference, files: true });
  return inspectOne(invocation, request, sharedRates);
}

const sniffBytes = 64;

/** Whether it is a file that starts like JSON, which archives and layouts do not. */
async function startsWithJson(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sniffBytes), 0, sniffBytes, 0);
    return /^\s*[[{]/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

interface Paired {
  readonly pairs: readonly (readonly [InspectionReport, InspectionReport])[];
  /** Messages about reports without a counterpart. */
  readonly unmatched: readonly string[];
}

/** Pairs images of the same platform; two single images always make a pair. */
function pair(before: readonly InspectionReport[], after: readonly InspectionReport[]): Paired {
  const [first] = before;
  const [second] = after;
  if (before.length === 1 && after.length === 1 && first !== undefined && second !== undefined) {
    return { pairs: [[first, second]], unmatched: [] };
  }
  const others = byPlatform(after);
  const own = byPlatform(before);
  const pairs = [...own].flatMap(([platform, report]) => {
    const other = others.get(platform);
    return other === undefined ? [] : [[report, other] as const];
  });
  if (pairs.length === 0) throw usageFailure('the two images have no platform in common');
  const missingIn = (map: ReadonlyMap<string, unknown>, from: ReadonlyMap<string, unknown>) =>
    [...from.keys()].filter((platform) => !map.has(platform));
  return {
    pairs,
    unmatched: [
      ...missingIn(others, own).map((platform) => `${platform} is only in the first image`),
      ...missingIn(own, others).map((platform) => `${platform} is only in the second image`),
    ],
  };
}

function byPlatform(reports: readonly InspectionReport[]): ReadonlyMap<string, InspectionReport> {
  const found = new Map<string, InspectionReport>();
  for (const report of reports) {
    const { os, architecture, variant } = report.image?.platform ?? {};
    const words = [os, architecture, variant].filter((word) => word !== undefined);
    const platform = words.length === 0 ? 'no platform' : visibleLine(words.join('/'));
    if (found.has(platform)) {
      throw usageFailure(`${report.source.reference} contains several images for ${platform}`, {
        hint: 'Select one by name, e.g. docker-archive:app.tar:app:1.2',
      });
    }
    found.set(platform, report);
  }
  return found;
}

function hasDifference({ packages, files, findings, config }: ReportDifference): boolean {
  const lists: readonly (readonly unknown[])[] = [
    ...[packages.added, packages.removed, packages.changed, packages.moved],
    ...[findings.new, findings.gone, findings.moved, config],
    ...(files === undefined ? [] : [files.added, files.removed, files.changed, files.moved]),
  ];
  return lists.some((list) => list.length > 0);
}
