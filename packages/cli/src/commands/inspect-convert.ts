/** `lazaret inspect convert` and `lazaret inspect schema`: reports that were saved earlier. */
import { limits, type InspectionReport } from '@lazaret/protocol';

import type { Invocation, Shell } from '../command.ts';
import { usageFailure, type Failure } from '../failure.ts';
import { readText } from '../read-document.ts';
import { formatStructured, writeOut } from '../render/print.ts';
import { openAnalysis } from './inspect-door.ts';
import { isSingle, readOutputs, severalImages } from './inspect-outputs.ts';
import { writeReports } from './inspect.ts';
import { exitCodeOfReports, readFailWords } from './inspect-verdict.ts';

/** The exit code is what inspecting would have given. */
export async function runConvert(invocation: Invocation): Promise<number> {
  const outputs = readOutputs(invocation);
  const failWords = readFailWords(invocation.flags);
  const reports = await readSavedReports(invocation.shell, invocation.arguments[0] ?? '');
  const single = outputs.find((output) => isSingle(output) && output.file === undefined);
  if (single !== undefined && reports.length > 1) throw severalImages(single);
  await writeReports(invocation, { outputs, reports, tookMs: undefined });
  return exitCodeOfReports(reports, failWords);
}

export async function runSchema(invocation: Invocation): Promise<void> {
  const { reportSchema } = await openAnalysis();
  const { output } = invocation.settings;
  await writeOut(invocation, await formatStructured(reportSchema(), output));
}

/** Reads reports that `--output json` wrote. */
export async function readSavedReports(
  shell: Shell,
  path: string,
): Promise<readonly InspectionReport[]> {
  const text = await readText(shell, path, limits.cliReportBytes);
  const { readReports } = await openAnalysis();
  try {
    return readReports(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw usageFailure(`${path} is no JSON: ${error.message}`);
    if (!(error instanceof Error) || !('fields' in error)) throw error;
    throw usageFailure(`${path}: ${error.message}`, {
      fields: error.fields as Failure['fields'],
      hint: 'Save one with --output json=FILE.',
      cause: error,
    });
  }
}
