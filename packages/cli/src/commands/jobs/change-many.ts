/** `lazaret jobs cancel` and `lazaret jobs rerun` by filter: count, confirm, change, report. */
import { type BulkOutput, operations, plural } from '@lazaret/protocol';

import { flagOn, type Invocation } from '../../command/command.ts';
import { fieldsOf, readFields } from '../../command/operation-flags.ts';
import { check } from '../../command/check-values.ts';
import { commandOf } from '../../command/run-operation.ts';
import { callTimeout } from '../../connection/connection.ts';
import { exitCodes } from '../../exit-code.ts';
import { usageFailure } from '../../failure.ts';
import { printList, printStructured, printTerminalNote, writeOut } from '../../render/print.ts';
import { runRerun as rerunByIds } from './show-job.ts';

const { cancelMany, rerunMany } = operations.jobs;
const columns = ['id', 'status', 'job', 'problem.detail'];

/** Cancels the jobs with the given IDs, or all active jobs that match the filter. */
export async function runCancel(invocation: Invocation): Promise<number> {
  if (!isByFilter(invocation)) {
    await commandOf('jobs.cancel')(invocation);
    return exitCodes.ok.code;
  }
  return changeMany(invocation, cancelMany, 'Cancel');
}

/** Resubmits the jobs with the given IDs, or all ended jobs that match the filter. */
export async function runRerun(invocation: Invocation): Promise<number> {
  return isByFilter(invocation)
    ? changeMany(invocation, rerunMany, 'Rerun')
    : rerunByIds(invocation);
}

/** Either IDs or a filter: both together could mean two things. */
function isByFilter(invocation: Invocation): boolean {
  const { sameRevision: _option, ...filter } = readFilter(invocation, rerunMany);
  const hasFilter = Object.keys(filter).length > 0;
  const hasIds = invocation.arguments.length > 0;
  if (hasIds && Object.keys(filter).join() === 'dryRun') {
    throw usageFailure('--dry-run needs a filter such as --state queued, received job IDs', {
      hint: 'Without --dry-run, exactly the given jobs are changed.',
    });
  }
  if (hasFilter && hasIds) {
    throw usageFailure('expected either job IDs or a filter, got both');
  }
  if (!hasFilter && !hasIds) {
    throw usageFailure('expected job IDs, or a filter such as --state queued', {
      hint: '--every selects all jobs.',
    });
  }
  return hasFilter;
}

type BulkOperation = typeof cancelMany | typeof rerunMany;

function readFilter(
  { flags }: Invocation,
  operation: BulkOperation,
): Readonly<Record<string, unknown>> {
  const fields = fieldsOf(operation.body).filter(({ field }) => field !== 'ids');
  return readFields(fields, flags);
}

async function changeMany(
  invocation: Invocation,
  operation: BulkOperation,
  verb: string,
): Promise<number> {
  const body = readFilter(invocation, operation);
  check(operation.body, body, fieldsOf(operation.body));
  const isDry = flagOn(invocation.flags, 'dryRun');
  const needsAnswer = !isDry && !flagOn(invocation.flags, 'yes');
  if (needsAnswer) requireTerminal(invocation);
  const { client } = await invocation.connect();
  const call = (changes: object): Promise<BulkOutput> =>
    client.call(operation, { body: { ...body, ...changes } as never }, { signal: callTimeout() });
  const counted = await call({ dryRun: true });
  const { matched } = counted;
  if (isDry) {
    await printCount(invocation, counted);
    return exitCodes.ok.code;
  }
  if (matched === 0) {
    await printList(invocation, [], columns);
    await printTerminalNote(invocation, matchNote(matched));
    return exitCodes.ok.code;
  }
  if (needsAnswer) await confirm(invocation, `${verb} ${plural(matched, 'job')}`);
  const output = await call({});
  await printList(invocation, output.results, columns);
  const { changed, unchanged, failed } = output;
  await printTerminalNote(
    invocation,
    `${changed} changed, ${unchanged} unchanged, ${failed} failed.`,
  );
  return failed > 0 ? exitCodes.failure.code : exitCodes.ok.code;
}

/** The answer of a dry run: a line, the object, or with `--quiet` only the number of jobs. */
async function printCount(invocation: Invocation, counted: BulkOutput): Promise<void> {
  const { settings } = invocation;
  if (!settings.quiet && settings.output !== 'table') return printStructured(invocation, counted);
  const { matched } = counted;
  await writeOut(invocation, `${settings.quiet ? matched : matchNote(matched)}\n`);
}

function matchNote(matched: number): string {
  const verb = matched === 1 ? 'matches' : 'match';
  return `${plural(matched, 'job')} ${verb}; nothing was changed.`;
}

function requireTerminal({ shell }: Invocation): void {
  if (shell.stdin.isTTY && shell.stderr.isTTY) return;
  throw usageFailure(
    'changing jobs by filter needs confirmation, and standard input is not a terminal',
    {
      hint: 'Add --yes, or --dry-run to count the jobs.',
    },
  );
}

async function confirm({ shell }: Invocation, what: string): Promise<void> {
  const { promptLine } = await import('../../terminal/prompt.ts');
  const answer = await promptLine(shell, `${what}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw usageFailure('cancelled; nothing was changed');
}
