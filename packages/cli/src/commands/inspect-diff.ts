/** `lazaret inspect diff`: two images, or reports of them, side by side. */
import { open } from 'node:fs/promises';

import type { InspectionReport, ReportDifference } from '@lazaret/protocol';

import { flagOn, type Invocation } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { usageFailure } from '../failure.ts';
import { formatDifference } from '../render/inspection-difference.ts';
import { printStructured, writeOut } from '../render/print.ts';
import { createStyle, widthOf } from '../render/style.ts';
import { readSavedReports } from './inspect-convert.ts';
import { openAnalysis } from './inspect-door.ts';
import { readRequest } from './inspect-settings.ts';
import { inspectOne } from './inspect.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { settings, shell, flags } = invocation;
  const [first = '', second = ''] = invocation.arguments;
  const before = await readSide(invocation, first);
  const after = await readSide(invocation, second);
  const { compareReports } = await openAnalysis();
  const differences = pair(before, after).map(([one, other]) => compareReports(one, other));
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
  const differs = differences.some((one) => !isEmpty(one)) || before.length !== after.length;
  return flagOn(flags, 'exitCode') && differs ? exitCodes.findings.code : exitCodes.ok.code;
}

async function readSide(
  invocation: Invocation,
  reference: string,
): Promise<readonly InspectionReport[]> {
  if (reference === '-' || (await holdsJson(reference))) {
    return readSavedReports(invocation.shell, reference);
  }
  return inspectOne(invocation, readRequest(invocation, { reference, files: true }));
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

/** Images of the same platform belong together; two single ones always do. */
function pair(
  before: readonly InspectionReport[],
  after: readonly InspectionReport[],
): readonly (readonly [InspectionReport, InspectionReport])[] {
  const [first] = before;
  const [second] = after;
  if (before.length === 1 && after.length === 1 && first !== undefined && second !== undefined) {
    return [[first, second]];
  }
  const byPlatform = new Map(after.map((report) => [platformKey(report), report]));
  const pairs = before.flatMap((report) => {
    const other = byPlatform.get(platformKey(report));
    return other === undefined ? [] : [[report, other] as const];
  });
  if (pairs.length === 0) throw usageFailure('the two have no platform in common');
  return pairs;
}

function platformKey({ image }: InspectionReport): string {
  const { os, architecture, variant } = image?.platform ?? {};
  return JSON.stringify([os, architecture, variant]);
}

function isEmpty({ packages, files, findings, config }: ReportDifference): boolean {
  const lists = [packages, files ?? {}, findings, { config }].flatMap((part) =>
    Object.values<readonly unknown[]>(part),
  );
  return lists.every((list) => list.length === 0);
}
