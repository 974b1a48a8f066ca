/** `lazaret inspect convert` and `lazaret inspect schema`: saved reports and their schema. */
import type { InspectionReport } from '@lazaret/protocol';

import type { Invocation, Shell } from '../../command/command.ts';
import { usageFailure, type Failure } from '../../failure.ts';
import { readText } from '../../files/read-document.ts';
import { cliLimits } from '../../limits.ts';
import { formatStructured, writeOut } from '../../render/print.ts';
import { loadAnalysis } from './load-analysis.ts';
import { isSingle, readOutputs, severalImages } from './outputs.ts';
import { writeReports } from './inspect.ts';
import { exitCodeOfReports, parseFailOn } from './fail-on.ts';

/** The exit code is that of inspecting. */
export async function runConvert(invocation: Invocation): Promise<number> {
  const outputs = readOutputs(invocation);
  const failOnValues = parseFailOn(invocation.flags);
  const reports = await readSavedReports(invocation.shell, invocation.arguments[0] ?? '');
  const single = outputs.find((output) => isSingle(output) && output.file === undefined);
  if (single !== undefined && reports.length > 1) throw severalImages(single);
  await writeReports(invocation, { outputs, reports, tookMs: undefined });
  return exitCodeOfReports(reports, failOnValues);
}

export async function runSchema(invocation: Invocation): Promise<void> {
  const { reportSchema } = await loadAnalysis();
  const { output } = invocation.settings;
  await writeOut(invocation, await formatStructured(reportSchema(), output));
}

/** Reads reports written with `--output json`. */
export async function readSavedReports(
  shell: Shell,
  path: string,
): Promise<readonly InspectionReport[]> {
  const text = await readText(shell, path, cliLimits.reportBytes);
  const { readReports } = await loadAnalysis();
  try {
    return readReports(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw usageFailure(`${path} is not valid JSON: ${error.message}`);
    if (!(error instanceof Error) || !('fields' in error)) throw error;
    throw usageFailure(`${path}: ${error.message}`, {
      fields: error.fields as Failure['fields'],
      hint: 'Save one with `-o json -O FILE`.',
      cause: error,
    });
  }
}
