/** `lazaret policy rejudge`: judge stored images again, see how far it is, or what would change. */
import {
  limits,
  operations,
  plural,
  type RejudgePreview,
  type RejudgeStatus,
} from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { callTimeout } from '../../connection/connection.ts';
import { usageFailure } from '../../failure.ts';
import { readText } from '../../files/read-document.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { formatRows } from '../../render/table.ts';
import { visibleLine } from '../../render/visible-text.ts';

const { policies } = operations;
const modes = ['dryRun', 'status', 'pause', 'resume'] as const;
const waitSeconds = 50;

export async function run(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const chosen = modes.filter((mode) => flagOn(flags, mode));
  if (chosen.length > 1) {
    throw usageFailure('give only one of --dry-run, --status, --pause and --resume');
  }
  if (flagText(flags, 'policy') !== undefined && chosen[0] !== 'dryRun') {
    throw usageFailure('--policy is only for --dry-run; use `lazaret policy apply`');
  }
  if (chosen[0] === 'dryRun') return preview(invocation);
  const status = await change(invocation, chosen[0]);
  if (!flagOn(flags, 'wait')) return printStatus(invocation, status);
  await printStatus(invocation, await waitForEnd(invocation, status));
}

function projectOf({ flags }: Invocation): { project?: string } {
  const project = flagText(flags, 'project');
  return project === undefined ? {} : { project };
}

async function change(
  invocation: Invocation,
  mode: (typeof modes)[number] | undefined,
): Promise<RejudgeStatus> {
  const { client } = await invocation.connect();
  const body = projectOf(invocation);
  const options = { signal: callTimeout() };
  if (mode === 'pause') return client.call(policies.rejudgePause, { body }, options);
  if (mode === 'resume') return client.call(policies.rejudgeResume, { body }, options);
  if (mode !== 'status' && !flagOn(invocation.flags, 'wait')) {
    return client.call(policies.rejudge, { body }, options);
  }
  if (mode === 'status') return client.call(policies.rejudgeStatus, { query: body }, options);
  return client.call(policies.rejudge, { body }, options);
}

async function waitForEnd(invocation: Invocation, status: RejudgeStatus): Promise<RejudgeStatus> {
  const { client } = await invocation.connect();
  const query = { ...projectOf(invocation), waitSeconds };
  let current = status;
  while (current.state === 'running') {
    current = await client.call(policies.rejudgeStatus, { query }, { signal: callTimeout() });
  }
  return current;
}

async function printStatus(invocation: Invocation, status: RejudgeStatus): Promise<void> {
  if (invocation.settings.output !== 'table') return printStructured(invocation, status);
  const { state, judged, total, changed, skipped, cause, causedBy } = status;
  const why = cause === '' ? '' : `, because of: ${visibleLine(cause)} (${visibleLine(causedBy)})`;
  const lines = [
    `${state}: ${judged} of ${plural(total, 'image')} judged, ${changed} changed${why}`,
    ...(skipped === 0
      ? []
      : [`${plural(skipped, 'report')} no longer stored: decisions unchanged`]),
    '',
  ];
  await writeOut(invocation, lines.join('\n'));
}

async function preview(invocation: Invocation): Promise<void> {
  const { shell, flags, settings } = invocation;
  const path = flagText(flags, 'policy');
  const document =
    path === undefined ? undefined : await readText(shell, path, limits.policyDocumentBytes);
  const { client } = await invocation.connect();
  const body = { ...projectOf(invocation), ...(document !== undefined && { document }) };
  const found = await client.call(policies.preview, { body }, { signal: callTimeout() });
  if (settings.output !== 'table') return printStructured(invocation, found);
  await writeOut(invocation, formatPreview(found));
}

function formatPreview(preview: RejudgePreview): string {
  const { judged, total, changed, reasonsOnly, counts, changes } = preview;
  const head = `${changed} of ${plural(judged, 'image')} would change`;
  const same =
    reasonsOnly === 0
      ? ''
      : `\n${plural(reasonsOnly, 'image')} with the same verdict and action, for other reasons or by another policy`;
  const part = `${judged < total ? ` (the newest; ${total} have decisions)` : ''}${same}`;
  if (changed === 0) return `${head}${part}\n`;
  const sums = counts.map(({ images, before, after }) => [String(images), before, '->', after]);
  const rows = changes.map(({ registry, repository, tags, digest, before, after }) => [
    `${registry}/${repository}${tags[0] === undefined ? '' : `:${tags[0]}`}`,
    digest.slice(0, 'sha256:'.length + 12),
    `${before.verdict} ${before.action}`,
    '->',
    `${after.verdict} ${after.action}`,
    after.reasons[0] ?? '',
  ]);
  const tables = [sums, rows].map((table) => formatRows(table.map((row) => row.map(visibleLine))));
  const more =
    changes.length < changed ? `... and ${changed - changes.length} more (-o json)\n` : '';
  return `${head}${part}\n\n${tables.join('\n')}${more}`;
}
