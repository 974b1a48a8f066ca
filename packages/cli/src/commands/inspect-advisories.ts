/** `lazaret inspect advisories`: vulnerability feeds from files into one database. */
import { flagOn, flagText, type Invocation } from '../command.ts';
import { Failure, usageFailure } from '../failure.ts';
import { exitCodes } from '../exit-code.ts';
import { catchInterrupt } from '../interrupt.ts';
import { formatStructured, writeOut } from '../render/print.ts';
import { visibleLine } from '../render/visible-text.ts';
import { asFileFailure } from '../upload-file.ts';
import { chooseWords } from './choose-words.ts';
import { openAnalysis } from './inspect-door.ts';
import { feedFormats } from './inspect-flags.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { flags, settings } = invocation;
  const target = flagText(flags, 'to');
  if (target === undefined) throw usageFailure('--to: say which database to make or add to');
  const [format = 'osv'] = chooseWords(
    [flagText(flags, 'format') ?? 'osv'],
    feedFormats,
    '--format',
  );
  const { importAdvisories } = await openAnalysis();
  const interrupt = catchInterrupt();
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
  if (path !== undefined) return asFileFailure(error, path);
  const message = error instanceof Error ? error.message : 'the feeds cannot be imported';
  const exitCode = aborted ? exitCodes.interrupted.code : exitCodes.failure.code;
  return new Failure(message, { exitCode, cause: error });
}

type ImportReport = Awaited<
  ReturnType<Awaited<ReturnType<typeof openAnalysis>>['importAdvisories']>
>;

function pageOf(report: ImportReport): string {
  const { records, advisories, withdrawn, outdated, malformed, problems } = report;
  const read = `${records} records read: ${withdrawn} withdrawn, ${outdated} older than what is there`;
  const lines = [
    `${read}, ${malformed} not understood`,
    `${advisories} advisories in the database`,
    ...problems.map((problem) => `  ${visibleLine(problem)}`),
  ];
  return `${lines.join('\n')}\n`;
}
