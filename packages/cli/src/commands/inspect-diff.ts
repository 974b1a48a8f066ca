/** `lazaret inspect diff`: two images, or reports of them, side by side. */
import { open } from 'node:fs/promises';

import type { SharedRates } from '@lazaret/analysis';
import type { InspectionReport, ReportDifference } from '@lazaret/protocol';

import { flagOn, type Invocation } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { usageFailure } from '../failure.ts';
import { formatDifference } from '../render/inspection-difference.ts';
import { printStructured, tell, writeOut } from '../render/print.ts';
import { createStyle, widthOf } from '../render/style.ts';
import { visibleLine } from '../render/visible-text.ts';
import { readSavedReports } from './inspect-convert.ts';
import { openAnalysis } from './inspect-door.ts';
import { readRequest } from './inspect-settings.ts';
import { inspectOne } from './inspect.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { settings, shell, flags } = invocation;
  const [first = '', second = ''] = invocation.arguments;
  const { compareReports, SharedRates } = await openAnalysis();
  const sharedRates = new SharedRates({ now: shell.now });
  const before = await readSide(invocation, first, sharedRates);
  const after = await readSide(invocation, second, sharedRates);
  const { pairs, alone } = pair(before, after);
  const differences = pairs.map(([one, other]) => compareReports(one, other));
  if (settings.quiet || settings.output !== 'table') {
    if (!settings.quiet) {
      await printStructured(invocation, differences.length === 1 ? differences[0] : differences);
    }
  } else {
    const options = {
      style: createStyle(settings.color.stdout),
      widthChars: widthOf(shell.stdout),
    };
    await writeOut(invocation, differences.map((one) => formatDifference(one, options)).join('\n'));
  }
  for (const text of alone) await tell(invocation, `note: ${text}`);
  if (!flagOn(flags, 'exitCode')) return exitCodes.ok.code;
  if (differences.some((one) => hasDifference(one)) || alone.length > 0) {
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
  if (reference === '-' || (await holdsJson(reference))) {
    return readSavedReports(invocation.shell, reference);
  }
  return inspectOne(invocation, readRequest(invocation, { reference, files: true }), sharedRates);
}

const looksAtBytes = 64;

/** Whether it is a file that begins as JSON does; archives and layouts do not. */
async function holdsJson(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(looksAtBytes), 0, looksAtBytes, 0);
    return /^\s*[[{]/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

interface Paired {
  readonly pairs: readonly (readonly [InspectionReport, InspectionReport])[];
  /** What has no counterpart, in words. */
  readonly alone: readonly string[];
}

/** Images of the same platform belong together; two single ones always do. */
function pair(before: readonly InspectionReport[], after: readonly InspectionReport[]): Paired {
  const [first] = before;
  const [second] = after;
  if (before.length === 1 && after.length === 1 && first !== undefined && second !== undefined) {
    return { pairs: [[first, second]], alone: [] };
  }
  const others = byPlatform(after);
  const own = byPlatform(before);
  const pairs = [...own].flatMap(([platform, report]) => {
    const other = others.get(platform);
    return other === undefined ? [] : [[report, other] as const];
  });
  if (pairs.length === 0) throw usageFailure('the two have no platform in common');
  const missingIn = (map: ReadonlyMap<string, unknown>, from: ReadonlyMap<string, unknown>) =>
    [...from.keys()].filter((platform) => !map.has(platform));
  return {
    pairs,
    alone: [
      ...missingIn(others, own).map((platform) => `${platform} is in the first alone`),
      ...missingIn(own, others).map((platform) => `${platform} is in the second alone`),
    ],
  };
}

function byPlatform(reports: readonly InspectionReport[]): ReadonlyMap<string, InspectionReport> {
  const found = new Map<string, InspectionReport>();
  for (const report of reports) {
    const { os, architecture, variant } = report.image?.platform ?? {};
    const words = [os, architecture, variant].filter((word) => word !== undefined);
    const platform = words.length === 0 ? 'an image of no platform' : visibleLine(words.join('/'));
    if (found.has(platform)) {
      throw usageFailure(`${report.source.reference} holds several images of ${platform}`, {
        hint: 'Name one of them behind the path, as in docker-archive:app.tar:app:1.2',
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
