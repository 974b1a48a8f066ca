/** A job as text: its outcome, its attempts with their phases, its artifacts. */
import {
  formatDuration,
  formatSize,
  isFinal,
  outcomeCodes,
  type Attempt,
  type HistoryEntry,
  type Job,
  type JobDetail,
  type Outcome,
  type Telemetry,
} from '@lazaret/protocol';

import { formatAge, formatMoment } from './cell.ts';
import type { PageOptions } from './page.ts';
import { styleState, type Style } from './style.ts';
import { formatRows } from './table.ts';
import { visibleLine } from './visible-text.ts';

/** The whole page. */
export function formatJobPage(job: JobDetail, options: PageOptions): string {
  const { style } = options;
  const title = (text: string): string => `\n${style('bold', text)}\n`;
  const parts = [formatHead(job, options)];
  if (job.attemptList.length > 0) {
    parts.push(title('Attempts'));
    for (const attempt of job.attemptList) parts.push(formatAttempt(attempt, options));
  }
  if (job.artifacts.length > 0) {
    parts.push(title('Artifacts'), formatArtifacts(job, style));
  }
  if (job.history.length > 0) {
    parts.push(title('History'), formatHistory(job.history, style));
  }
  const next = nextStep(job);
  if (next !== undefined) parts.push(`\n${style('dim', next)}\n`);
  return parts.join('');
}

/** One line about an unfinished job: `running on local, attempt 1`. */
export function formatStateLine(job: Job, style: Style): string {
  const state = styleState(style, job.state);
  const where = job.node === null ? '' : ` on ${visibleLine(job.node)}`;
  const attempt = job.attempts > 1 ? `, attempt ${job.attempts}` : '';
  const why = job.waitReason === null ? '' : `: ${visibleLine(job.waitReason)}`;
  return `${job.id}  ${state}${where}${attempt}${why}`;
}

/**
 * One line about a finished job: `succeeded in 3.2s`, or the reason of the failure; with the
 * engine where jobs of several are listed.
 */
export function formatOutcomeLine(job: Job, style: Style, withEngine = false): string {
  const from = Date.parse(job.startedAt ?? job.createdAt);
  const duration =
    job.finishedAt === null ? '' : ` in ${formatDuration(Date.parse(job.finishedAt) - from)}`;
  const why =
    job.outcome === null || job.state === 'succeeded'
      ? ''
      : `: ${outcomeAfter(job.state, job.outcome)}`;
  const engine = withEngine ? `${visibleLine(job.engine)}  ` : '';
  return `${job.id}  ${engine}${styleState(style, job.state)}${duration}${why}`;
}

/** `Engine exited with a failure code: exit code 3 (exit_code)`. */
export function formatOutcome({ code, detail }: Outcome): string {
  const said = detail === '' ? '' : `: ${visibleLine(detail)}`;
  return `${outcomeCodes[code].title}${said} (${code})`;
}

/** After the state, which says already that a job was cancelled. */
function outcomeAfter(state: Job['state'], outcome: Outcome): string {
  if (state !== 'cancelled' || outcome.code !== 'cancelled') return formatOutcome(outcome);
  return visibleLine(outcome.detail.replace(/^cancelled /, '')) || outcomeCodes.cancelled.title;
}

function formatHead(job: JobDetail, { now, style }: PageOptions): string {
  const moment = (at: string): string => {
    const time = Date.parse(at);
    return `${formatMoment(time)} (${formatAge(time, now)})`;
  };
  const names = job.inputs.map(
    ({ name, sizeBytes }) => `${visibleLine(name)} (${formatSize(sizeBytes)})`,
  );
  const rows: [string, string | undefined][] = [
    ['Job', style('bold', job.id)],
    ['State', styleState(style, job.state)],
    ['Outcome', job.outcome === null ? undefined : formatOutcome(job.outcome)],
    ['Waiting for', job.waitReason === null ? undefined : visibleLine(job.waitReason)],
    ['Engine', `${visibleLine(job.engine)} (revision ${job.engineRevision})`],
    ['Project', job.project],
    ['Inputs', names.join(', ') || undefined],
    ['SHA-256', job.inputs.map(({ sha256 }) => sha256).join(', ') || undefined],
    ['Parameters', formatParameters(job.parameters)],
    ['Tags', job.tags.map(visibleLine).join(', ') || undefined],
    ['Priority', job.priority === 0 ? undefined : String(job.priority)],
    ['Time limit', formatDuration(job.timeLimitMs)],
    ['Node', job.node === null ? undefined : visibleLine(job.node)],
    ['Rerun of', job.rerunOf ?? undefined],
    ['Submitted', `${moment(job.createdAt)} by ${visibleLine(job.submittedBy)}`],
    ['Started', job.startedAt === null ? undefined : moment(job.startedAt)],
    ['Finished', job.finishedAt === null ? undefined : moment(job.finishedAt)],
  ];
  return formatRows(
    rows.flatMap(([label, text]) =>
      text === undefined ? [] : [[style('dim', `${label}:`), text]],
    ),
  );
}

function formatAttempt(attempt: Attempt, { style }: PageOptions): string {
  const { telemetry, outcome } = attempt;
  const facts = [
    telemetry.exitCode === null ? undefined : `exit code ${telemetry.exitCode}`,
    telemetry.peakMemoryBytes === null
      ? undefined
      : `peak memory ${formatSize(telemetry.peakMemoryBytes)}`,
    telemetry.cpuSeconds === null
      ? undefined
      : `CPU ${formatDuration(telemetry.cpuSeconds * 1_000)}`,
    `log ${formatSize(attempt.logBytes)}${attempt.logTruncated ? ' (truncated)' : ''}`,
  ].filter((fact) => fact !== undefined);
  const lines = [
    `${attempt.number}  ${styleState(style, attempt.state)} on ${visibleLine(attempt.node)}`,
    ...(outcome === null || outcome.code === 'succeeded' ? [] : [formatOutcome(outcome)]),
    facts.join(', '),
    formatPhases(telemetry),
    style('dim', visibleLine(attempt.imageDigest)),
    ...attempt.observations.map(({ code, detail }) =>
      style('yellow', `${code}: ${visibleLine(detail)}`),
    ),
  ].filter((line) => line !== '');
  return lines.map((line, index) => `${index === 0 ? '' : '   '}${line}\n`).join('');
}

function formatPhases(telemetry: Telemetry): string {
  const phases = [
    ['wait', telemetry.waitMs],
    ['pull', telemetry.pullMs],
    ['create', telemetry.createMs],
    ['input', telemetry.inputMs],
    ['start', telemetry.startMs],
    ['run', telemetry.runMs],
    ['collect', telemetry.collectMs],
    ['remove', telemetry.removeMs],
  ] as const;
  return phases
    .flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${formatDuration(ms)}`]))
    .join(', ');
}

function formatArtifacts(job: JobDetail, style: Style): string {
  return formatRows(
    job.artifacts.map(({ path, sizeBytes, sha256, primary }) => [
      visibleLine(path),
      formatSize(sizeBytes),
      style('dim', sha256.slice(0, 12)),
      primary ? style('green', 'result') : '',
    ]),
  );
}

function formatHistory(history: readonly HistoryEntry[], style: Style): string {
  return formatRows(
    history.map(({ at, state, attempt, cause, detail }) => [
      style('dim', formatMoment(Date.parse(at))),
      styleState(style, state),
      attempt === null ? '' : `attempt ${attempt}`,
      visibleLine(cause),
      visibleLine(detail),
    ]),
  );
}

function formatParameters(parameters: Readonly<Record<string, unknown>>): string | undefined {
  const pairs = Object.entries(parameters).map(
    ([key, value]) => `${visibleLine(key)}=${visibleLine(JSON.stringify(value))}`,
  );
  return pairs.length === 0 ? undefined : pairs.join(', ');
}

function nextStep(job: JobDetail): string | undefined {
  if (!isFinal(job.state)) return `Follow the log: lazaret logs -f ${job.id}`;
  if (job.artifacts.some(({ primary }) => primary))
    return `Show the result: lazaret result ${job.id}`;
  if (job.artifacts.length > 0)
    return `Download the artifacts: lazaret result ${job.id} --all -O DIR`;
  return job.attemptList.length > 0 ? `Show the log: lazaret logs ${job.id}` : undefined;
}
