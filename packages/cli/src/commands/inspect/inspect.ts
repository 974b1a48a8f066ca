/** `lazaret inspect`: inspects an image and prints the report, without a server. */
import { addAbortSignal } from 'node:stream';

import type { InspectRequest, SharedRates } from '@lazaret/analysis';
import type { InspectionReport } from '@lazaret/protocol';

import { flagOn, type Flags, type Invocation, type Shell } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { formatOverall, formatReportPage } from '../../render/inspection-page.ts';
import { createInspectionProgress } from '../../render/inspection-progress.ts';
import { printNote, writeOut } from '../../render/print.ts';
import { createStyle, widthOf } from '../../render/style.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { version } from '../../version.ts';
import { loadInspectImage } from './load-analysis.ts';
import { isSingle, readOutputs, severalImages, writeOutput, type Output } from './outputs.ts';
import { readRequest } from './read-request.ts';
import { toSourceFailure } from './explain-failure.ts';
import { exitCodeOfReports, parseFailOn } from './fail-on.ts';
import { readScannerNames } from './scanner-flags.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { flags, shell } = invocation;
  const outputs = readOutputs(invocation);
  const failOnValues = parseFailOn(flags);
  const request = await readRequest(invocation, {
    reference: invocation.arguments[0] ?? '',
    files: flagOn(flags, 'files'),
  });
  const single = outputs.find((output) => isSingle(output) && output.file === undefined);
  if (single !== undefined && request.platform === 'all') throw severalImages(single);
  const startedAt = shell.now();
  const reports = await inspectOne(invocation, request);
  await writeReports(invocation, { outputs, reports, tookMs: shell.now() - startedAt });
  return exitCodeOfReports(reports, failOnValues);
}

/** Inspects with progress on standard error; Ctrl-C stops it cleanly. */
export async function inspectOne(
  invocation: Invocation,
  request: InspectRequest,
  sharedRates?: SharedRates,
): Promise<readonly InspectionReport[]> {
  const { shell, flags } = invocation;
  const inspectImage = await loadInspectImage(shell);
  const interrupt = interceptInterrupt();
  const warnings: string[] = [];
  const progress = createInspectionProgress(invocation, {
    label: request.reference,
    enabled: flags['progress'] !== false,
  });
  try {
    return await inspectImage(request, {
      toolVersion: version,
      now: shell.now,
      sharedRates,
      signal: interrupt.signal,
      onProgress: (event) => progress.show(event),
      onWarning: (text) => warnings.push(text),
      openStdin: () => openStdin(shell, interrupt.signal),
    });
  } catch (error) {
    if (!interrupt.signal.aborted) throw toSourceFailure(error, request);
    throw new Failure(`inspecting ${request.reference} was interrupted`, {
      exitCode: exitCodes.interrupted.code,
    });
  } finally {
    progress.end();
    interrupt.release();
    for (const text of warnings) await printNote(invocation, `warning: ${visibleLine(text)}`);
  }
}

/** Refuses a terminal, which would wait for an archive forever. */
function openStdin({ stdin }: Shell, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (!stdin.isTTY) return addAbortSignal(signal, stdin) as AsyncIterable<Uint8Array>;
  throw usageFailure('expected an archive on standard input, which is a terminal', {
    hint: 'For example: docker save app | lazaret inspect -',
  });
}

interface FinishedInspection {
  readonly outputs: readonly Output[];
  readonly reports: readonly InspectionReport[];
  readonly tookMs: number | undefined;
}

/** Files first: when one cannot be written, no table suggests success. */
export async function writeReports(
  invocation: Invocation,
  { outputs, reports, tookMs }: FinishedInspection,
): Promise<void> {
  const { shell, settings, flags } = invocation;
  const written = {
    reports,
    files: flagOn(flags, 'files'),
    timestamp: new Date(shell.now()).toISOString(),
    table: () => formatPages(reports, invocation, tookMs),
  };
  const inOrder = outputs.toSorted(
    (a, b) => Number(a.file === undefined) - Number(b.file === undefined),
  );
  for (const output of inOrder) {
    const isQuiet = settings.quiet && output.file === undefined && output.format === 'table';
    if (isQuiet) await writeOut(invocation, reports.map(formatVerdictLine).join(''));
    else await writeOutput(invocation, output, written);
  }
}

function formatPages(
  reports: readonly InspectionReport[],
  { flags, settings, shell }: Invocation,
  tookMs: number | undefined,
): string {
  const options = {
    sections: {
      packages: flagOn(flags, 'packages'),
      files: flagOn(flags, 'files'),
      findings: flagOn(flags, 'findings'),
    },
    style: createStyle(settings.color.stdout),
    widthChars: widthOf(shell.stdout),
    tookMs,
    chosenScanners: chosenScanners(flags),
  };
  const pages = reports.map((report) => formatReportPage(report, options));
  return (reports.length > 1 ? [...pages, formatOverall(reports, options)] : pages).join('\n');
}

/** The value of `--scanners`; a saved report is converted without one. */
function chosenScanners(flags: Flags): readonly string[] | undefined {
  const names = readScannerNames(flags);
  return names === undefined ? undefined : [...names];
}

/** With `--quiet`: the verdict and the digest. */
function formatVerdictLine({ verdict, image, source }: InspectionReport): string {
  return `${verdict.state} ${visibleLine(image?.manifestDigest ?? source.reference)}\n`;
}
