/** `lazaret inspect advisories`: imports vulnerability feeds from files into a database. */
import { plural } from '@lazaret/protocol';
import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { Failure, usageFailure } from '../../failure.ts';
import { exitCodes } from '../../exit-code.ts';
import { interceptInterrupt } from '../../terminal/interrupt.ts';
import { formatStructured, writeOut } from '../../render/print.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { toFileFailure } from '../../files/upload-file.ts';
import { parseList } from './parse-list.ts';
import { loadAnalysis } from './load-analysis.ts';
import { feedFormats } from './flags.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { flags, settings } = invocation;
  const target = flagText(flags, 'to');
  if (target === undefined)
    throw usageFailure('--to: expected the path of the database to create or add to');
  const [format = 'osv'] = parseList([flagText(flags, 'format') ?? 'osv'], feedFormats, '--format');
  const { importAdvisories } = await loadAnalysis();
  const interrupt = interceptInterrupt();
  try {
    const report = await importAdvisories({
      inputs: invocation.arguments.map((path) => ({ format, path })),
      target,
      now: invocation.shell.now,
      mode: flagOn(flags, 'replace') ? 'replace' : 'add',
      signal: interrupt.signal,
    });
    const text = settings.output === 'table' ? pageOf(report) : undefined;
    await writeOut(invocation, text ?? (await formatStructured(report, settings.output)));
    if (report.records === report.malformed) return exitCodes.failure.code;
    return report.malformed > 0 ? exitCodes.incomplete.code : exitCodes.ok.code;
  } catch (error) {
    throw explainImport(error, interrupt.signal);
  } finally {
    interrupt.release();
  }
}

function explainImport(error: unknown, { aborted }: AbortSignal): unknown {
  if (error instanceof Failure) return error;
  const { path } = error as NodeJS.ErrnoException;
  if (path !== undefined) return toFileFailure(error, path);
  const message = error instanceof Error ? error.message : 'importing the feeds failed';
  const exitCode = aborted ? exitCodes.interrupted.code : exitCodes.failure.code;
  return new Failure(message, { exitCode, cause: error });
}

type ImportReport = Awaited<
  ReturnType<Awaited<ReturnType<typeof loadAnalysis>>['importAdvisories']>
>;

function pageOf(report: ImportReport): string {
  const { records, advisories, withdrawn, outdated, malformed, problems } = report;
  const read = `${plural(records, 'record')} read: ${withdrawn} withdrawn, ${outdated} outdated`;
  const lines = [
    `${read}, ${malformed} malformed`,
    `Advisories in the database: ${advisories}`,
    ...problems.map((problem) => `  ${visibleLine(problem)}`),
  ];
  return `${lines.join('\n')}\n`;
}
